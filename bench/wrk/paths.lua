-- Gets the paths of a file, one a line, in turn; each thread begins at another line.
local paths, position = {}, 0
local thread_number = 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  position = number * 997
end

function request()
  position = position + 1
  return wrk.format(nil, paths[position % #paths + 1])
end

dofile("bench/wrk/report.lua")
