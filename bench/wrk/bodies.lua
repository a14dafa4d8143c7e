-- Posts the bodies of a file, one a line, in turn; each thread begins at another line.
local bodies, position = {}, 0
local thread_number = 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  for line in io.lines(args[1]) do bodies[#bodies + 1] = line end
  position = number * 997
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  position = position + 1
  return wrk.format(nil, nil, nil, bodies[position % #bodies + 1])
end

dofile("bench/wrk/report.lua")
