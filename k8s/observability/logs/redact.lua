-- Takes secrets and tokens out of log records, on the node, before anything is stored or sent.

local HIDDEN = "[redacted]"
local DEPTH = 8

-- A member whose name has one of these is hidden whole, whatever it is.
local NAMES = {
  "password", "passwd", "secret", "token", "authorization", "cookie", "api_key", "apikey", "private_key", "credential",
}
-- Counts and ids that have such a word in their name and are none.
local HARMLESS = { token_type = true, secret_name = true }

local function is_secret(name)
  local lower = string.gsub(string.lower(tostring(name)), "-", "_")
  if HARMLESS[lower] then return false end
  for _, word in ipairs(NAMES) do
    if string.find(lower, word, 1, true) then return true end
  end
  return false
end

-- `name=value`, `name: value`, `"name": "value"` in running text; the value ends at a space, quote, comma, & or brace.
local function hide_named(text)
  return (string.gsub(text, "([%w_%-]+)(\\?[\"']?%s*[=:]%s*\\?[\"']?)([^%s\"',;&}\\]+)", function(name, between, value)
    if is_secret(name) and string.lower(value) ~= "bearer" and string.lower(value) ~= "basic" then
      return name .. between .. HIDDEN
    end
  end))
end

local function hide(text)
  text = string.gsub(text, "%-%-%-%-%-BEGIN [%u ]*PRIVATE KEY%-%-%-%-%-.-%-%-%-%-%-END [%u ]*PRIVATE KEY%-%-%-%-%-", HIDDEN)
  text = string.gsub(text, "eyJ[%w_%-]+%.[%w_%-]+%.[%w_%-]*", HIDDEN) -- JSON Web Tokens, wherever they stand
  text = string.gsub(text, "([Bb][Ee][Aa][Rr][Ee][Rr]%s+)[%w%._~+/%-]+=*", "%1" .. HIDDEN)
  text = string.gsub(text, "([Bb][Aa][Ss][Ii][Cc]%s+)[%w+/]+=*", "%1" .. HIDDEN)
  text = string.gsub(text, "(%w+://[^%s:/@]+:)[^%s@]+@", "%1" .. HIDDEN .. "@") -- a password in an address
  text = string.gsub(text, "A[KS]IA%u%u%u%u[%u%d]+", HIDDEN) -- ids of AWS's keys
  return hide_named(text)
end

local function cleaned(value, depth)
  if type(value) == "string" then return hide(value) end
  if type(value) ~= "table" then return value end
  if depth > DEPTH then return HIDDEN end
  for name, member in pairs(value) do
    if is_secret(name) then
      value[name] = HIDDEN
    else
      value[name] = cleaned(member, depth + 1)
    end
  end
  return value
end

-- Called by Fluent Bit for each record. 2: the record has changed, its time has not.
function redact(tag, timestamp, record)
  for name, value in pairs(record) do
    if name ~= "kubernetes" then -- names of pods and labels
      record[name] = is_secret(name) and HIDDEN or cleaned(value, 1)
    end
  end
  return 2, timestamp, record
end
