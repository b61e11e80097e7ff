#pragma once

#include <string_view>

// The part of redis_scripts.cpp that no message passes on its way: to empty, look at, count,
// redrive and raise. kRedrive and kRaise need kElements before them.

namespace pistachio {

// KEYS 1 list 2 retry 3 delay
inline constexpr std::string_view kPurge = R"lua(
local n=redis.call('LLEN',KEYS[1])+redis.call('LLEN',KEYS[2])+redis.call('ZCARD',KEYS[3])
redis.call('UNLINK',KEYS[1],KEYS[2],KEYS[3])
redis.call('LLEN',KEYS[1])
redis.call('LLEN',KEYS[2])
return n
)lua";

// KEYS 1 list 2 lease 3 due 4 retry 5 delay   ARGV 1 most messages 2 most bytes
// Returns a letter (l leased, r returned, q queued, d in :delay) and what stands there, each.
inline constexpr std::string_view kPeek = R"lua(
local most,bytes,out=tonumber(ARGV[1]),0,{}
local function add(kind,text)
  if #out>=2*most or bytes>tonumber(ARGV[2]) then return false end
  out[#out+1]=kind out[#out+1]=text bytes=bytes+#text
  return true
end
for _,r in ipairs(redis.call('ZRANGE',KEYS[3],0,most-1)) do
  local v=bytes<=tonumber(ARGV[2]) and redis.call('HGET',KEYS[2],r)
  if v then add('l',v) end
end
local function walk(kind,key,range)
  local from=0
  while #out<2*most do
    local some=redis.call(range,key,from,from+9)
    for _,text in ipairs(some) do if not add(kind,text) then return end end
    if #some<10 then return end
    from=from+10
  end
end
walk('r',KEYS[4],'LRANGE')
walk('q',KEYS[1],'LRANGE')
walk('d',KEYS[5],'ZRANGE')
return out
)lua";

// KEYS 1 the dead letters 2 their retry 3 their delay 4 the list of the endpoint they came from
// Moves at most a thousand and a megabyte. Returns how many, and how many are left.
inline constexpr std::string_view kRedrive = R"lua(
redis.call('LLEN',KEYS[4]) redis.call('ZCARD',KEYS[3])
local moved,size=0,0
local function room() return moved<1000 and size<1048576 end
local function send(entry,was_taken)
  local id,_,e=parts(entry)
  if not e then id,e='',entry end
  if was_taken then e=kept(e) end
  if id~='' then
    local h,body,text=header(e)
    if not h then h,body,text={},e,'{}' end
    -- the last member of a name is the one that counts
    local member=(text=='{}' and '' or ',')..'"id":"'..id..'"}'
    if h.id~=id then e='\0pst1'..string.sub(text,1,-2)..member..'\n'..body end
  end
  redis.call('RPUSH',KEYS[4],e)
  moved=moved+1 size=size+#e
end
-- As in kMoveDue: a write that a full Redis allows, then each to its place, then away from where it
-- was.
local function drain(key,was_taken)
  redis.call('LPOP',key,0)
  while room() do
    local entry=redis.call('LINDEX',key,0)
    if not entry then return end
    send(entry,was_taken)
    redis.call('LPOP',key)
  end
end
redis.call('ZREM',KEYS[3],'')
drain(KEYS[2],true)
-- what was taken comes before what never was
for _,hidden in ipairs({true,false}) do
  if not hidden then drain(KEYS[1],false) end
  local from=0
  while room() do
    local m=redis.call('ZRANGE',KEYS[3],from,from)[1]
    if not m then break end
    local taken=string.sub(m,1,1)=='r'
    if taken or not hidden then
      send(string.sub(m,taken and 2 or 42),taken)
      redis.call('ZREM',KEYS[3],m)
    else
      from=from+1
      if from==100 then break end
    end
  end
end
return {moved,redis.call('LLEN',KEYS[1])+redis.call('LLEN',KEYS[2])+redis.call('ZCARD',KEYS[3])}
)lua";

// KEYS 1 list 2 retry 3 delay 4 lease
inline constexpr std::string_view kCounts = R"lua(
return {redis.call('LLEN',KEYS[1])+redis.call('LLEN',KEYS[2]),redis.call('ZCARD',KEYS[3]),
  redis.call('HLEN',KEYS[4])}
)lua";

// KEYS 1 list 2 retry   ARGV 1 what stood in :retry a round ago, as this script said it
// When the same stands there still, a hundred messages and a megabyte at the most go to the head of
// the list. Returns how many, and what stands there.
inline constexpr std::string_view kRaise = R"lua(
local n,last=redis.call('LLEN',KEYS[2]),redis.call('LINDEX',KEYS[2],-1)
redis.call('LLEN',KEYS[1])
if not last then return {0,''} end
local id,attempts=parts(last)
local seen=n..':'..(id or '')..':'..(attempts or '')
if seen~=ARGV[1] then return {0,seen} end
local moved,size=0,0
redis.call('RPOP',KEYS[2],0)
while moved<100 and size<1048576 do
  local entry=redis.call('LINDEX',KEYS[2],-1)
  if not entry then break end
  local _,_,e=parts(entry)
  e=kept(e or entry)
  redis.call('LPUSH',KEYS[1],e)
  redis.call('RPOP',KEYS[2])
  moved=moved+1 size=size+#e
end
return {moved,''}
)lua";

}  // namespace pistachio
