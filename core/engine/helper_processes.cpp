// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/helper_processes.h"

#include "core/support/error.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::chrono::seconds kLongestEnd {5}; // for each of: by themselves, after SIGTERM
constexpr int kExitNotStarted = 127; // as a shell says it

/// This program if it is the command line, else the one beside it.
fs::path commandLineProgram()
{
    std::error_code error;
    const fs::path own = fs::read_symlink("/proc/self/exe", error);
    const fs::path program = own.parent_path() / "mpo";
    if (error || ::access(program.c_str(), X_OK) != 0)
        fail("{}: the program that the other processes of a run are is not there; set processes to 1, or install it",
            program.string());
    return program;
}

/// The environment with these variables instead of its own of the same names.
std::vector<std::string> environmentWith(const std::vector<std::string>& variables)
{
    std::vector<std::string> result = variables;
    const auto nameOf = [](std::string_view variable) { return variable.substr(0, variable.find('=') + 1); };
    for (char** variable = environ; *variable; ++variable) {
        bool replaced = false;
        for (const std::string& own : variables)
            replaced = replaced || std::string_view(*variable).starts_with(nameOf(own));
        if (!replaced)
            result.emplace_back(*variable);
    }
    return result;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts)
{
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

pid_t start(const fs::path& program, std::vector<std::string> environment)
{
    std::vector<std::string> words {program.string(), "rank"};
    const std::vector<char*> arguments = pointersTo(words), variables = pointersTo(environment);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0)
        fail("{}: cannot be started ({})", program.string(), std::strerror(errno));
    if (child == 0) {
        // Only what is allowed between fork and exec in a program with threads.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() == parent)
            ::execve(words[0].c_str(), arguments.data(), variables.data());
        ::_exit(kExitNotStarted);
    }
    return child;
}

} // namespace

HelperProcesses::HelperProcesses(int size, std::uint16_t port, int threads)
{
    const fs::path program = commandLineProgram();
    for (int rank = 1; rank < size; ++rank) {
        std::vector<std::string> variables {fmt::format("RANK={}", rank), fmt::format("LOCAL_RANK={}", rank),
            fmt::format("WORLD_SIZE={}", size), fmt::format("LOCAL_WORLD_SIZE={}", size), "MASTER_ADDR=127.0.0.1",
            fmt::format("MASTER_PORT={}", port), "TORCHELASTIC_USE_AGENT_STORE=False", "TORCHELASTIC_RESTART_COUNT=0"};
        if (!std::getenv("OMP_NUM_THREADS"))
            variables.push_back(fmt::format("OMP_NUM_THREADS={}", threads));
        m_processes.push_back(start(program, environmentWith(variables)));
    }
}

HelperProcesses::~HelperProcesses()
{
    const auto waitForAll = [this] {
        const auto deadline = std::chrono::steady_clock::now() + kLongestEnd;
        while (!m_processes.empty() && std::chrono::steady_clock::now() < deadline) {
            std::erase_if(m_processes, [](pid_t process) { return ::waitpid(process, nullptr, WNOHANG) != 0; });
            if (!m_processes.empty())
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    };
    waitForAll();
    for (const int signal : {SIGTERM, SIGKILL}) {
        for (const pid_t process : m_processes)
            ::kill(process, signal);
        waitForAll();
    }
}

void HelperProcesses::requireAlive()
{
    for (pid_t& process : m_processes) {
        int status = 0;
        if (::waitpid(process, &status, WNOHANG) != process)
            continue;
        std::erase(m_processes, process);
        fail("One of the processes that divide the work ended before it began ({} {})",
            WIFSIGNALED(status) ? "signal" : "exit status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

} // namespace mpo
