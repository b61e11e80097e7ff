#include "core/store/redis_scripts.h"

#include <openssl/evp.h>

#include <stdexcept>
#include <string_view>

#include "core/store/redis_lease_scripts.h"
#include "core/store/redis_upkeep_scripts.h"

namespace pistachio {
namespace {

// KEYS 1 list
// ARGV 1 lease 2 due 3 retry 4 where dead letters go: keys that Redis 7.0 would ring for, were they
//      declared. 5 now 6 "1": the list is one of entries, of dead letters 7 end of the lease
//      8 prefix of ids 9 number of the first new id 10 most bytes 11... receipts
// Returns what is left, how many died, how many were dropped because nobody had taken them in time,
// and id, attempts so far and element of each message.
//
// First the cases that nearly all claims are: nothing, or one body that another program may have
// pushed. Redis builds every function of a script anew at each call, so they use none.
// :retry is looked at by LPOP, which as a write is not noted for the bell: that would cost Redis
// another 125 bytes for every endpoint that is waited for. The list is noted, at the end.
constexpr std::string_view kClaimQuickly = R"lua(
local call,list,retry=redis.call,KEYS[1],ARGV[3]
local from,raw=retry,call('LPOP',retry)
if not raw then
  from,raw=list,call('LPOP',list)
  if not raw then return {call('LLEN',list),0,0} end
  if not ARGV[12] and ARGV[6]=='0' and string.byte(raw)~=0 then
    local id=ARGV[8]..ARGV[9]
    if redis.pcall('HSET',ARGV[1],ARGV[11],id..':0:'..raw)==1
        and redis.pcall('ZADD',ARGV[2],ARGV[7],ARGV[11])==1 then
      return {call('LLEN',list),0,0,id,0,raw}
    end
  end
end
)lua";

// Nothing is due: nearly every tick. Returns as kTick does.
constexpr std::string_view kTickQuickly = R"lua(
local next_due,fails
for i=3,5,2 do
  local some=redis.pcall('ZRANGE',KEYS[i],0,0,'WITHSCORES')
  local first=some[2]
  fails=fails or some.err
  local at=first and math.ceil(tonumber(first))
  if at and (not next_due or at<next_due) then next_due=at end
end
if not fails and (not next_due or next_due>tonumber(ARGV[1])) then
  return {redis.call('LLEN',KEYS[1])+redis.call('LLEN',KEYS[4]),next_due or -1,0,0}
end
)lua";

// tick and give_back have the same first arguments:
//   KEYS 1 list 2 lease 3 due 4 retry 5 delay 6 where dead letters go
//   ARGV 1 now 2 --max-attempts 3 "1" when the list is one of entries: dead letters
constexpr std::string_view kArguments = R"lua(
local list,lease,due,retry,delay,dead=KEYS[1],KEYS[2],KEYS[3],KEYS[4],KEYS[5],KEYS[6]
local most_attempts,entries=tonumber(ARGV[2]),ARGV[3]=='1'
-- :retry has been written to: what waits, waits for the list
local function ring() redis.call('LPUSH',list,'') redis.call('LPOP',list) end
-- Writes nothing, but is a write that is allowed while Redis is out of memory: what follows then is,
-- too. And what is taken out in the end may be, or the script stops here.
local function begin(index) redis.call('LPOP',list,0) redis.call('ZREM',index,'') end
-- more than this has no room in an entry
local function one_more(attempts) return math.min(attempts+1,999999999) end
)lua";

constexpr std::string_view kElements = R"lua(
-- id, attempts and element of an entry; nothing when it is none (RedisEntry in C++)
local function parts(entry)
  local _,n,id,attempts=string.find(entry,'^([%w_-]*):(%d+):')
  if n and #id<65 and #attempts<10 then return id,tonumber(attempts),string.sub(entry,n+1) end
end
-- a header as PlainJson in C++ reads it: what is a body there must not be a header here. Its escapes
-- become \1 and its members \2, of which then nothing but a list may be left.
local function is_plain(text)
  local find,swap=string.find,string.gsub
  if find(text,'[%z\1-\31]') then return false end
  if find(text,'\\',1,true) then
    text=swap(text,'\\(["\\/bfnrtu])',{u='\\u',['"']='\1',['\\']='\1',['/']='\1',
      b='\1',f='\1',n='\1',r='\1',t='\1'})
    text=swap(text,'\\u00[0-7]%x','\1')
    if find(text,'\\',1,true) then return false end
  end
  if find(text,'[\128-\255]') then
    local tail='[\128-\191]'
    text=swap(text,'[\194-\223]'..tail,'u')
    text=swap(text,'\224[\160-\191]'..tail,'u')
    text=swap(text,'\237[\128-\159]'..tail,'u')
    text=swap(text,'[\225-\236\238\239]'..tail..tail,'u')
    text=swap(text,'\240[\144-\191]'..tail..tail,'u')
    text=swap(text,'\244[\128-\143]'..tail..tail,'u')
    text=swap(text,'[\241-\243]'..tail..tail..tail,'u')
    if find(text,'[\128-\255]') then return false end
  end
  text=swap(text,'"[^"\1]*":"[^"]*"','\2')
  if find(text,'":0%d') then return false end
  text=swap(text,'"[^"\1]*":%d+%.%d+','\2')
  text=swap(text,'"[^"\1]*":%d+','\2')
  return find(swap(text,',\2',''),'^{\2?}$')
end
-- header, body and the header's text of an element that has a header
local function header(element)
  if string.sub(element,1,5)~='\0pst1' then return end
  local n=string.find(element,'\n',6,true)
  if not n then return end
  local text=string.sub(element,6,n-1)
  if not is_plain(text) then return end
  local ok,h=pcall(cjson.decode,text)
  if not ok or string.find((h.type or '')..(h.id or ''),'%c') then return end
  return h,string.sub(element,n+1),text
end
local function expiry(h)
  local e=h and h.expires
  if type(e)=='number' or type(e)=='string' and string.find(e,'^%d+$') then return tonumber(e) end
end
-- an element that nothing drops any more: somebody has had it. The member is cut out of the text:
-- cjson does not write all numbers as they were, and some not at all.
local function kept(element)
  local h,body,text=header(element)
  if not expiry(h) then return element end
  local swap=string.gsub
  text=swap(swap(text,'"expires":%d[%d.]*','\1'),'"expires":"%d+"','\1')
  text=swap(swap(text,',\1',''),'{\1,?','{')
  return '\0pst1'..text..'\n'..body
end
)lua";

// Moves at most a hundred of each kind and a megabyte, so that Redis is not held up. A key that
// somebody else made something of, or that may not be used, stops only what needs it: it is looked
// at before the first write of what does, and said in the end. What can only be buried stays where
// it is while there is no place for dead letters, and the others are taken from behind it. Each is
// put where it goes and then taken from where it was: a command that is not allowed stops the
// script, and then nothing is lost.
constexpr std::string_view kMoveDue = R"lua(
local moved,died,bad,bad_key=0,0,nil,nil
next_due=-1
local function good(key,length)
  local is=redis.pcall(length,key)
  if type(is)~='table' then return true end
  if not bad then bad,bad_key=is.err,key end
  return false
end
local function bury(entry) redis.call('RPUSH',dead,entry) died=died+1 end
-- ids ascend
local function is_before(a,b)
  if #a~=#b then return #a<#b end
  return a<b
end
-- What was taken first is first again: before what is in :retry, unless that was taken earlier, as
-- the hundred before these may have been. An entry is its id, itself and what takes it from its place.
local function put_back(entries,take_from)
  local last=redis.call('LINDEX',retry,-1)
  local last_id=last and parts(last)
  if last_id and entries[1] and is_before(last_id,entries[1][1]) then
    for _,m in ipairs(entries) do redis.call('RPUSH',retry,m[2]) take_from(m[3]) end
  else
    for i=#entries,1,-1 do redis.call('LPUSH',retry,entries[i][2]) take_from(entries[i][3]) end
  end
end
local function each_due(key,size,look)
  for i=0,99 do
    if size>=1048576 then break end
    local m=redis.call('ZRANGEBYSCORE',key,'-inf',ARGV[1],'WITHSCORES','LIMIT',i,1)
    if not m[1] then break end
    size=size+look(m[1],tonumber(m[2]))
  end
  return size
end
local function move_due()
  redis.call('LLEN',retry)
  local size,fresh,back,broken=0,{},{},{}
  if good(delay,'ZCARD') then
    size=each_due(delay,size,function(m)
      if string.sub(m,1,1)=='n' and #m>40 then fresh[#fresh+1]=m
      elseif parts(string.sub(m,2)) then back[#back+1]=m
      elseif good(dead,'LLEN') then broken[#broken+1]=m
      else return 0 end
      return #m
    end)
    begin(delay)
    for _,m in ipairs(fresh) do
      redis.call('RPUSH',list,string.sub(m,42)) redis.call('ZREM',delay,m)
    end
    for _,m in ipairs(broken) do bury(':0:'..m) redis.call('ZREM',delay,m) end
    for i=1,#back do back[i]={parts(string.sub(back[i],2)),string.sub(back[i],2),back[i]} end
    put_back(back,function(m) redis.call('ZREM',delay,m) end)
  end
  local returned=#back
  back={}
  local gone,dying={},{}
  if good(due,'ZCARD') and good(lease,'HLEN') then
    begin(due)
    redis.call('HDEL',lease,'')
    each_due(due,size,function(r,deadline)
      local v=redis.call('HGET',lease,r)
      if not v then gone[#gone+1]=r return 0 end
      local id,n,e=parts(v)
      if e and (entries or most_attempts==0 or n+1<most_attempts) then
        back[#back+1]={id,id..':'..one_more(n)..':'..e,r}
      elseif good(dead,'LLEN') then
        dying[#dying+1]={id or '',e and id..':'..one_more(n)..':'..kept(e) or ':0:'..v,r,deadline}
      else return 0 end
      return #v
    end)
    table.sort(dying,function(x,y)
      local a,b=math.ceil(x[4]),math.ceil(y[4])
      if a~=b then return a<b end
      return is_before(x[1],y[1])
    end)
    table.sort(back,function(x,y) return is_before(x[1],y[1]) end)
    for _,m in ipairs(dying) do
      bury(m[2]) redis.call('HDEL',lease,m[3]) redis.call('ZREM',due,m[3])
    end
    put_back(back,function(r) redis.call('HDEL',lease,r) redis.call('ZREM',due,r) end)
    for _,r in ipairs(gone) do redis.call('ZREM',due,r) end
  end
  returned=returned+#back
  moved=#fresh+returned
  if returned>0 then ring() end
  for _,key in ipairs({delay,due}) do
    local first=redis.pcall('ZRANGE',key,0,0,'WITHSCORES')[2]
    local at=first and math.ceil(tonumber(first))
    if at and (next_due<0 or at<next_due) then next_due=at end
  end
  -- what cannot be moved would else be looked at again at once, and again
  local now=tonumber(ARGV[1])
  if bad and moved+died==0 and next_due>=0 and next_due<=now then next_due=now+10000 end
end
)lua";

// Goes on with what kClaimQuickly has popped.
constexpr std::string_view kClaim = R"lua(
local lease,due,dead,entries=ARGV[1],ARGV[2],ARGV[4],ARGV[6]=='1'
local at,number,bytes,died,dropped,failed=11,tonumber(ARGV[9]),0,0,0,nil
local out={0,0,0}
-- In its place; rather in the wrong one than in none.
local function put_back()
  return type(redis.pcall('LPUSH',from,raw))~='table' or type(redis.pcall('RPUSH',from,raw))~='table'
end
if from==retry then
  local list_is=redis.pcall('LLEN',list)
  if type(list_is)=='table' then put_back() return list_is end
end
local function undo(why)
  if put_back() then redis.pcall('HDEL',lease,ARGV[at]) end
  failed=why
end
local function take()
  while raw do
    local id,n,e='',0,nil
    if from==retry or entries then id,n,e=parts(raw) else e=raw end
    local h,ends
    -- nearly all that have a header only have a type
    if e and string.byte(e)==0 and string.find(e,'^%zpst1[^\n]*"[ie][dx]') then
      h=header(e)
      ends=expiry(h)
    end
    if not e then
      local ok=redis.pcall('RPUSH',dead,':0:'..raw)
      if type(ok)=='table' then return undo(ok) end
      if not entries then died=died+1 end
      dropped=dropped+1
    elseif ends and from==list and ends<=tonumber(ARGV[5]) then
      dropped=dropped+1
    else
      if at>11 and bytes+#e>tonumber(ARGV[10]) and put_back() then return end
      if id=='' and h and type(h.id)=='string' and #h.id<65 and string.find(h.id,'^[%w_-]+$') then
        id=h.id
      end
      if id=='' then id=ARGV[8]..number number=number+1 end
      local ok=redis.pcall('HSET',lease,ARGV[at],id..':'..n..':'..e)
      if type(ok)=='table' then return undo(ok) end
      -- what is taken together ends together, the first first: no two have the same moment
      ok=redis.pcall('ZADD',due,tonumber(ARGV[7])-(1011-at)/4096,ARGV[at])
      if type(ok)=='table' then return undo(ok) end
      at=at+1 bytes=bytes+#e
      out[#out+1]=id out[#out+1]=n out[#out+1]=e
    end
    if not ARGV[at] or dropped==1000 then return end
    raw=from==retry and call('LPOP',retry)
    if not raw then from,raw=list,call('LPOP',list) end
  end
end
take()
if failed and at==11 then return failed end
out[1]=call('LLEN',list)+call('LLEN',retry)
out[2]=died out[3]=dropped
return out
)lua";

// Returns what is available, when something is due next, how many were moved and how many died;
// and, when a key could not be used, the first error and that key.
constexpr std::string_view kTick = R"lua(
move_due()
return {redis.call('LLEN',list)+redis.call('LLEN',retry),next_due,moved,died,bad,bad_key}
)lua";

// KEYS 1 list 2 retry 3 delay 4 that of the idempotency key, where there is one
// ARGV 1 now 2 --max-queued 3 fingerprint 4 when the key is forgotten 5 milliseconds until then
//      6... when it is due, or empty, and the element of each message
// Returns 0: taken, 1 and how many: as under this key before, 2: the key is another message's,
// 3 and how many there are: full.
constexpr std::string_view kPush = R"lua(
local count=(#ARGV-5)/2
if KEYS[4] then
  local known=redis.call('GET',KEYS[4])
  local ends,n,fingerprint
  if known then ends,n,fingerprint=string.match(known,'^(%d+):(%d+):(.*)$') end
  if ends and tonumber(ends)>tonumber(ARGV[1]) then
    if fingerprint==ARGV[3] then return {1,tonumber(n)} end
    return {2}
  end
end
local held=redis.call('LLEN',KEYS[1])+redis.call('LLEN',KEYS[2])+redis.call('ZCARD',KEYS[3])
local most=tonumber(ARGV[2])
if most>0 and held+count>most then return {3,held} end
-- Whether what comes later may be done is tried, on nothing, before anything is: all or none.
if KEYS[4] then redis.call('SET',KEYS[4],'','XX','KEEPTTL') end
for i=6,#ARGV,2 do
  if ARGV[i]~='' then redis.call('ZADD',KEYS[3],'XX',0,'') break end
end
for i=6,#ARGV,2 do
  if ARGV[i]=='' then redis.call('RPUSH',KEYS[1],ARGV[i+1]) end
end
for i=6,#ARGV,2 do
  if ARGV[i]~='' then redis.call('ZADD',KEYS[3],ARGV[i],ARGV[i+1]) end
end
-- Not by string.format: it ends a short string at its first NUL, and a fingerprint is any bytes.
if KEYS[4] then redis.call('SET',KEYS[4],ARGV[4]..':'..count..':'..ARGV[3],'PX',ARGV[5]) end
return {0,count}
)lua";

std::string sha1_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("cannot use Redis: OpenSSL makes no SHA1, by which scripts are named");
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    hex += kHex[digest[i] >> 4];
    hex += kHex[digest[i] & 15];
  }
  return hex;
}

RedisScriptText script(std::initializer_list<std::string_view> pieces) {
  RedisScriptText text;
  for (const std::string_view piece : pieces) text.source += piece;
  text.sha1 = sha1_of(text.source);
  return text;
}

}  // namespace

const std::array<RedisScriptText, kRedisScripts>& redis_scripts() {
  static const std::array<RedisScriptText, kRedisScripts> kAll{
      script({kClaimQuickly, kElements, kClaim}),
      script({kTickQuickly, kArguments, kElements, kMoveDue, kTick}),
      script({kPush}),
      script({kArguments, kElements, kGiveBack}),
      script({kExtend}),
      script({kPurge}),
      script({kPeek}),
      script({kElements, kRedrive}),
      script({kCounts}),
      script({kElements, kRaise}),
  };
  return kAll;
}

}  // namespace pistachio
