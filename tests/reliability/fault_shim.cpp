// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
//
// For tests only: loaded with LD_PRELOAD, it lets a chosen one of the calls that touch certain files fail, fall short
// or kill the process. Calls are counted whose path (that of the descriptor) contains MPO_FAULT_PATH. From the
// environment:
//   MPO_FAULT_AT=K      the K-th counted call, from 1; 0: none, only count
//   MPO_FAULT_WHAT      kill, short, or an error: ENOSPC, EIO, EACCES, EDQUOT
//   MPO_FAULT_LASTS=1   all counted calls from the K-th on
//   MPO_FAULT_LOG=FILE  a line for each counted call
// A test in the same process sets the first four with mpo_fault_set() instead.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

char g_path[PATH_MAX];
char g_log[PATH_MAX];
std::atomic<long> g_count {0}, g_at {0};
std::atomic<int> g_lasts {0};

constexpr int kNone = 0, kKill = -1, kShort = -2;
std::atomic<int> g_what {kNone}; ///< or errno

int whatFrom(const char* name)
{
    struct Named
    {
        const char* name;
        int what;
    };
    constexpr Named known[] = {
        {"kill", kKill}, {"short", kShort}, {"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EACCES", EACCES}, {"EDQUOT", EDQUOT}};
    for (const Named& one : known)
        if (name && std::strcmp(name, one.name) == 0)
            return one.what;
    return kNone;
}

void copyInto(char (&target)[PATH_MAX], const char* text)
{
    std::snprintf(target, sizeof target, "%s", text ? text : "");
}

__attribute__((constructor)) void readEnvironment()
{
    copyInto(g_path, std::getenv("MPO_FAULT_PATH"));
    copyInto(g_log, std::getenv("MPO_FAULT_LOG"));
    const char* at = std::getenv("MPO_FAULT_AT");
    g_at = at ? std::atol(at) : 0;
    g_what = whatFrom(std::getenv("MPO_FAULT_WHAT"));
    g_lasts = std::getenv("MPO_FAULT_LASTS") ? 1 : 0;
}

void writeLine(long number, const char* call, const char* path)
{
    char line[PATH_MAX + 64];
    const int length = std::snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    const auto file = int(::syscall(SYS_openat, AT_FDCWD, g_log, O_WRONLY | O_CREAT | O_APPEND, 0666));
    ::syscall(SYS_write, file, line, size_t(length));
    ::syscall(SYS_close, file);
}

/// What is to happen to this call: kNone, kKill, kShort or errno.
int faultOf(const char* call, const char* path)
{
    if (g_path[0] == '\0' || !path || !std::strstr(path, g_path))
        return kNone;
    const long number = ++g_count;
    if (g_log[0] != '\0')
        writeLine(number, call, path);
    const long at = g_at;
    return at > 0 && (number == at || (g_lasts && number > at)) ? g_what.load() : kNone;
}

int faultOf(const char* call, int descriptor)
{
    if (g_path[0] == '\0')
        return kNone;
    char link[64], path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const auto length = ::syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (length <= 0)
        return kNone;
    path[length] = '\0';
    return faultOf(call, path);
}

/// True: the call is to return -1 at once.
bool fails(int fault)
{
    if (fault == kKill)
        ::kill(::getpid(), SIGKILL);
    if (fault <= 0)
        return false;
    errno = fault;
    return true;
}

template<class Function>
Function real(const char* name)
{
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// Half of a write gets through before the process dies, or before the disk is full.
template<class Write>
ssize_t writeOrFail(int fault, size_t size, const Write& write)
{
    if (fault == kKill) {
        write(size / 2);
        ::kill(::getpid(), SIGKILL);
    }
    if (fault == kShort && size > 1)
        return write(size / 2);
    return fails(fault) ? -1 : write(size);
}

} // namespace

extern "C" {

void mpo_fault_set(const char* path, long at, const char* what, int lasts)
{
    copyInto(g_path, path);
    g_count = 0;
    g_what = whatFrom(what);
    g_lasts = lasts;
    g_at = at;
}

long mpo_fault_count() { return g_count; }

#define OPEN_LIKE(NAME)                                                                                                \
    int NAME(const char* path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        const mode_t mode = va_arg(rest, mode_t);                                                                      \
        va_end(rest);                                                                                                  \
        static const auto next = real<int (*)(const char*, int, ...)>(#NAME);                                          \
        return fails(faultOf("open", path)) ? -1 : next(path, flags, mode);                                            \
    }
OPEN_LIKE(open)
OPEN_LIKE(open64)

ssize_t write(int descriptor, const void* bytes, size_t size)
{
    static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
    return writeOrFail(
        faultOf("write", descriptor), size, [&](size_t count) { return next(descriptor, bytes, count); });
}

#define PWRITE_LIKE(NAME, OFFSET)                                                                                      \
    ssize_t NAME(int descriptor, const void* bytes, size_t size, OFFSET offset)                                        \
    {                                                                                                                  \
        static const auto next = real<ssize_t (*)(int, const void*, size_t, OFFSET)>(#NAME);                           \
        return writeOrFail(faultOf("pwrite", descriptor), size,                                                        \
            [&](size_t count) { return next(descriptor, bytes, count, offset); });                                     \
    }
PWRITE_LIKE(pwrite, off_t)
PWRITE_LIKE(pwrite64, off64_t)

#define ON_DESCRIPTOR(NAME)                                                                                            \
    int NAME(int descriptor)                                                                                           \
    {                                                                                                                  \
        static const auto next = real<int (*)(int)>(#NAME);                                                            \
        return fails(faultOf(#NAME, descriptor)) ? -1 : next(descriptor);                                              \
    }
ON_DESCRIPTOR(fsync)
ON_DESCRIPTOR(fdatasync)

#define TRUNCATE_LIKE(NAME, OFFSET)                                                                                    \
    int NAME(int descriptor, OFFSET size) noexcept                                                                     \
    {                                                                                                                  \
        static const auto next = real<int (*)(int, OFFSET)>(#NAME);                                                    \
        return fails(faultOf("ftruncate", descriptor)) ? -1 : next(descriptor, size);                                  \
    }
TRUNCATE_LIKE(ftruncate, off_t)
TRUNCATE_LIKE(ftruncate64, off64_t)

int rename(const char* from, const char* to) noexcept
{
    static const auto next = real<int (*)(const char*, const char*)>("rename");
    return fails(faultOf("rename", to)) ? -1 : next(from, to);
}

int renameat2(int fromFolder, const char* from, int toFolder, const char* to, unsigned flags) noexcept
{
    static const auto next = real<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
    return fails(faultOf("rename", to)) ? -1 : next(fromFolder, from, toFolder, to, flags);
}

int mkdir(const char* path, mode_t mode) noexcept
{
    static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
    return fails(faultOf("mkdir", path)) ? -1 : next(path, mode);
}

} // extern "C"
