// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/lock_file.h"

#include "core/support/error.h"

#include <sys/file.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

namespace mpo {

namespace {

long processIdIn(int descriptor)
{
    char text[32] = {};
    return ::pread(descriptor, text, sizeof text - 1, 0) > 0 ? std::strtol(text, nullptr, 10) : 0;
}

/// holder() takes the lock for some microseconds: a writer that comes just then is not turned away.
int lockPatiently(int descriptor)
{
    constexpr int kTries = 10;
    constexpr auto kBetween = std::chrono::milliseconds(5);
    for (int i = 0;; ++i) {
        if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK || i == kTries)
            return errno;
        std::this_thread::sleep_for(kBetween);
    }
}

} // namespace

LockFile::LockFile(const std::filesystem::path& file)
    : m_descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666))
{
    if (m_descriptor < 0)
        fail("{}: cannot be written ({}); the project can only be opened for reading", file.string(),
            std::generic_category().message(errno));
    if (const int error = lockPatiently(m_descriptor)) {
        const long holder = processIdIn(m_descriptor);
        ::close(m_descriptor);
        const std::string project = file.parent_path().string();
        if (error != EWOULDBLOCK)
            fail("{}: cannot be locked ({})", file.string(), std::generic_category().message(error));
        throw ProjectHeld(holder == ::getpid()
                ? fmt::format("{}: the project is already open for writing in this program", project)
                : fmt::format("{}: the project is open for writing in another program (process {}); close that first",
                    project, holder),
            holder);
    }
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(m_descriptor, 0) != 0
        || ::pwrite(m_descriptor, text.data(), text.size(), 0) != ssize_t(text.size())) {
        const int error = errno;
        ::close(m_descriptor);
        fail("{}: cannot be written ({})", file.string(), std::generic_category().message(error));
    }
}

std::optional<long> LockFile::holder(const std::filesystem::path& file)
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return std::nullopt;
    std::optional<long> process;
    if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        process = processIdIn(descriptor);
    ::close(descriptor);
    return process;
}

LockFile::~LockFile()
{
    ::close(m_descriptor); // The file stays: removing it would race with a process that has just opened it.
}

} // namespace mpo
