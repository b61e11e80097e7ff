#pragma once

#include <string_view>

// The part of redis_scripts.cpp that ends leases and makes them longer. kGiveBack needs kArguments
// and kElements before it, and has the first arguments that kArguments names.

namespace pistachio {

// ARGV 4 receipt 5 "1": counted 6 "1": a dead letter 7 hidden until, or empty.
// Returns 0: available again, 1: hidden, 2: a dead letter, -1: the receipt holds nothing.
inline constexpr std::string_view kGiveBack = R"lua(
redis.call('LLEN',retry)
local v=redis.call('HGET',lease,ARGV[4])
if not v then return -1 end
local id,n,e=parts(v)
if e and ARGV[5]=='1' then n=one_more(n) end
local dies=not e or not entries
  and (ARGV[6]=='1' or ARGV[5]=='1' and most_attempts>0 and n>=most_attempts)
begin(due)
redis.call('HDEL',lease,'')
local became=0
if dies then
  redis.call('RPUSH',dead,e and id..':'..n..':'..kept(e) or ':0:'..v)
  became=2
elseif ARGV[7]~='' then
  redis.call('ZADD',delay,ARGV[7],'r'..id..':'..n..':'..e)
  became=1
elseif n>0 then redis.call('LPUSH',retry,id..':'..n..':'..e) ring()
elseif entries then redis.call('LPUSH',list,id..':0:'..kept(e))
else redis.call('LPUSH',list,kept(e)) end
redis.call('HDEL',lease,ARGV[4])
redis.call('ZREM',due,ARGV[4])
return became
)lua";

// KEYS 1 lease 2 due   ARGV 1 end of the leases 2... receipts
// Returns how many of them hold a message. As kGiveBack it works while Redis is out of memory. No
// two of them end at the same moment, the first first, as in kClaim.
inline constexpr std::string_view kExtend = R"lua(
redis.call('ZREM',KEYS[2],'')
local held=0
for i=2,#ARGV do
  if redis.call('HEXISTS',KEYS[1],ARGV[i])==1 then
    redis.call('ZADD',KEYS[2],tonumber(ARGV[1])-(#ARGV-i)/4096,ARGV[i])
    held=held+1
  end
end
return held
)lua";

}  // namespace pistachio
