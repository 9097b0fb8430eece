// Runs another program and collects what it says.
#pragma once

#include <string>
#include <vector>

namespace softcuda
{
// Its exit status; -1 when it could not be started or ended by a signal. output: stdout and stderr together.
// folder: where it runs; empty for the current one.
int run_program(const std::vector<std::string> &command, const std::string &folder, std::string &output);
} // namespace softcuda
