// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/store/lock_file.h"

#include "core/support/error.h"

#include <sys/file.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace mpo {

namespace {

long processIdIn(int descriptor)
{
    char text[32] = {};
    return ::pread(descriptor, text, sizeof text - 1, 0) > 0 ? std::strtol(text, nullptr, 10) : 0;
}

} // namespace

LockFile::LockFile(const std::filesystem::path& file)
    : m_descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666))
{
    if (m_descriptor < 0)
        fail("{}: cannot be written ({}); the project can only be opened for reading", file.string(),
            std::generic_category().message(errno));
    if (::flock(m_descriptor, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        const long holder = processIdIn(m_descriptor);
        ::close(m_descriptor);
        const std::string project = file.parent_path().string();
        if (error != EWOULDBLOCK)
            fail("{}: cannot be locked ({})", file.string(), std::generic_category().message(error));
        if (holder == ::getpid())
            fail("{}: the project is already open for writing in this program", project);
        fail("{}: the project is open for writing in another program (process {}); close that first", project, holder);
    }
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(m_descriptor, 0) != 0
        || ::pwrite(m_descriptor, text.data(), text.size(), 0) != ssize_t(text.size())) {
        const int error = errno;
        ::close(m_descriptor);
        fail("{}: cannot be written ({})", file.string(), std::generic_category().message(error));
    }
}

LockFile::~LockFile()
{
    ::close(m_descriptor); // The file stays: removing it would race with a process that has just opened it.
}

} // namespace mpo
