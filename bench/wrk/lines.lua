-- The lines of a file in turn, for scripts that send one a request; each thread begins at another line.
local lines, position = {}, 0
local thread_number = 0

function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end

function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
  position = number * 997
end

function next_line()
  position = position + 1
  return lines[position % #lines + 1]
end

dofile("bench/wrk/report.lua")
