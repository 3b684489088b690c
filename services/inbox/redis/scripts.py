"""The Lua scripts that run inside Redis, each atomic: a crash or a kill leaves all of a script's effects or none.

Responsibility: the Lua texts. Each first checks the checkpoint and returns a word first (``OK``, or why it did
nothing). Why: a script can be repeated safely, because it compares positions before it writes; a write whose answer was
lost is
simply sent again. Scripts are sent as text (EVAL): a restarted server has none cached, and 1 KB more costs nothing.
"""

OK, LOST, FOREIGN, BUILDING, BEHIND = "ok", "lost", "foreign", "building", "behind"

# KEYS[1] the mark; ARGV[1] epoch, ARGV[2] view version, ARGV[3] the token of the rebuild that asks ('' for all others).
_HEAD = """
local mark = redis.call('HMGET', KEYS[1], 'epoch', 'view', 'position', 'building')
if not mark[1] then return {'lost'} end
if mark[1] ~= ARGV[1] then return {'foreign'} end
if mark[2] ~= ARGV[2] then return {'lost'} end
if (mark[4] or '') ~= ARGV[3] then return {'building'} end
local delivered = mark[3]
local function after(one, other)
  if other == '' or not other then return one ~= '' end
  if one == '' then return false end
  local n, i = string.match(one, '^(%d+)-(%d+)$')
  local m, j = string.match(other, '^(%d+)-(%d+)$')
  n, i, m, j = tonumber(n), tonumber(i), tonumber(m), tonumber(j)
  return n > m or (n == m and i > j)
end
"""

# KEYS: mark, people. ARGV: … 4 position known to the caller, 5 entries of an inbox at most, 6 channel,
# 7 conference, 8-10 key prefixes, 11 position of the last output, 12 number of deliveries, 13 entries of the
# conference, 14 entries of an inbox at least, 15 cards of the conference; of each delivery: position, number of
# entries; of each entry: attendee, other, match, kind, view. Answers with the number of cards that were not shown.
DELIVER = (
    _HEAD
    + """
if after(ARGV[4], delivered) then return {'behind', delivered} end
local before, keep, inbox, cards, others = delivered, tonumber(ARGV[5]), ARGV[8], ARGV[9], ARGV[10]
local added = {}
local entries_share, least, cards_share = tonumber(ARGV[13]), tonumber(ARGV[14]), tonumber(ARGV[15])
local shown, hidden = tonumber(redis.call('HGET', KEYS[1], 'cards') or '0'), 0

local function add(position, who, other, match, kind, view)
  if kind ~= 'withdrawn' and redis.call('HEXISTS', others .. who, 'c:' .. match) == 0 then
    if shown >= cards_share then
      hidden = hidden + 1
      return nil
    end
    shown = shown + 1
  end
  local put, fresh = redis.pcall('XADD', inbox .. who, position, 'k', kind, 'm', match), 0
  if type(put) == 'table' and put.err then
    if string.find(put.err, 'equal or smaller', 1, true) then return nil end
    return put
  end
  redis.call('SADD', KEYS[2], who)
  local cursor = redis.call('HINCRBY', cards .. who, ':count', 1)
  local kept = math.min(keep, math.max(least, math.floor(entries_share / redis.call('SCARD', KEYS[2]))))
  if redis.call('XLEN', inbox .. who) > kept and redis.call('XTRIM', inbox .. who, 'MAXLEN', '=', kept) > 0 then
    redis.call('HSET', cards .. who, ':trimmed', cursor - redis.call('XLEN', inbox .. who))
  end
  if kind == 'withdrawn' then
    redis.call('HSET', others .. who, 'w:' .. match, 1)
    redis.call('HDEL', cards .. who, 'suggested:' .. match, 'agreed:' .. match, 'located:' .. match)
  elseif other == '' then
    redis.call('HSETNX', others .. who, 'c:' .. match, '')
  else
    redis.call('HSET', cards .. who, kind .. ':' .. match, cursor .. ' ' .. view)
    fresh = redis.call('HSET', others .. who, 'c:' .. match, other)
    redis.call('HSET', others .. other, 'b:' .. match, who)
    redis.call('SADD', KEYS[2], other)
  end
  added[#added + 1] = {position, who, kind, match, other, fresh == 1, view, cursor}
end

local at = 16
for _ = 1, tonumber(ARGV[12]) do
  local position, entries = ARGV[at], tonumber(ARGV[at + 1])
  at = at + 2
  local new = after(position, delivered)
  for _ = 1, entries do
    if new then
      local fault = add(position, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
      if fault then return fault end
    end
    at = at + 5
  end
end
if after(ARGV[11], delivered) then
  delivered = ARGV[11]
  redis.call('HSET', KEYS[1], 'position', delivered, 'cards', shown)
end
if #added > 0 and ARGV[3] == '' then
  redis.call('PUBLISH', ARGV[6], cmsgpack.pack({ARGV[7], before, delivered, added}))
end
return {'ok', delivered, hidden}
"""
)

# KEYS: mark.
DELIVERED = _HEAD + "return {'ok', delivered}"

# KEYS: mark, inbox, cards, others. ARGV: … 4 after (a cursor), 5 limit. A stream has no gaps: its newest entry has the
# cursor ``:count``, the one before it one less, and so on. Of each: position, kind, match, "cursor view", other.
READ = (
    _HEAD
    + """
local state, from = redis.call('HMGET', KEYS[3], ':count', ':trimmed'), tonumber(ARGV[4])
local count, trimmed, found = tonumber(state[1] or '0'), tonumber(state[2] or '0'), {}
if from < trimmed or from > count then return {'ok', delivered, 0} end
local newest = from < count and redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', count - from) or {}
for at = #newest, math.max(1, #newest - tonumber(ARGV[5]) + 1), -1 do
  local position, kind, match = newest[at][1], newest[at][2][2], newest[at][2][4]
  local view = redis.call('HGET', KEYS[3], kind .. ':' .. match)
  found[#found + 1] = {position, kind, match, view or '', redis.call('HGET', KEYS[4], 'c:' .. match) or ''}
end
return {'ok', delivered, 1, found}
"""
)

# KEYS: mark, cards, others.
CURRENT = _HEAD + "return {'ok', redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}"

# KEYS: mark, others. ARGV: … 4 match.
SHOWN = _HEAD + "return {'ok', redis.call('HMGET', KEYS[2], 'c:' .. ARGV[4], 'w:' .. ARGV[4])}"

# Needs no mark: also half built, or of another form, what is there of a person goes.
# KEYS: people, the attendee's inbox, cards, others. ARGV: attendee, key prefixes.
ERASE = """
local named = redis.call('HGETALL', KEYS[4])
for at = 1, #named, 2 do
  local whose, match, other = string.sub(named[at], 1, 1), string.sub(named[at], 3), named[at + 1]
  if whose ~= 'w' and other ~= '' then
    redis.call('HDEL', ARGV[4] .. other, 'b:' .. match)
    if redis.call('HEXISTS', ARGV[4] .. other, 'c:' .. match) == 1 then
      redis.call('HSET', ARGV[4] .. other, 'c:' .. match, '')
    end
    redis.call('HDEL', ARGV[3] .. other, 'suggested:' .. match, 'agreed:' .. match, 'located:' .. match)
  end
end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
redis.call('SREM', KEYS[1], ARGV[1])
return {'ok'}
"""

# KEYS: mark. ARGV: epoch, view. In one piece, so that nobody who is filling it is disturbed.
PREPARE = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'view', ARGV[2], 'position', '')
end
return {'ok'}
"""

# KEYS: people. ARGV: attendees who have keys.
NAME = "redis.call('SADD', KEYS[1], unpack(ARGV)) return {'ok'}"

# KEYS: mark. A rebuild that is under way goes on.
LOSE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return {'lost'} end
if redis.call('HEXISTS', KEYS[1], 'building') == 1 then return {'building'} end
redis.call('DEL', KEYS[1])
return {'ok'}
"""

# KEYS: mark. ARGV: epoch, view, token. From here on nobody else reads or writes.
BEGIN = """
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'view', ARGV[2], 'position', '', 'building', ARGV[3], 'cards', 0)
return {'ok'}
"""

# KEYS: mark. ARGV: … 4 channel, 5 what to tell.
FINISH = (
    _HEAD
    + """
redis.call('HDEL', KEYS[1], 'building')
redis.call('PUBLISH', ARGV[4], ARGV[5])
return {'ok', delivered}
"""
)

# KEYS: people. ARGV: key prefixes, then attendees.
CLEAR = """
for at = 4, #ARGV do
  redis.call('UNLINK', ARGV[1] .. ARGV[at], ARGV[2] .. ARGV[at], ARGV[3] .. ARGV[at])
  redis.call('SREM', KEYS[1], ARGV[at])
end
return {'ok'}
"""

# ARGV: key prefixes of inbox and cards, then attendees.
TRIM = """
for at = 3, #ARGV do
  local count = redis.call('HGET', ARGV[2] .. ARGV[at], ':count')
  if count then
    redis.call('HSET', ARGV[2] .. ARGV[at], ':trimmed', count)
    redis.call('XTRIM', ARGV[1] .. ARGV[at], 'MAXLEN', '=', 0)
  end
end
return {'ok'}
"""
