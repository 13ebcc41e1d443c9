// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/file.h"

#include "core/support/error.h"

#include <openssl/evp.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <vector>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kChunk = std::size_t(1) << 20;

class Descriptor
{
public:
    explicit Descriptor(int number)
        : m_number(number)
    {
    }
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    operator int() const { return m_number; }
    int close()
    {
        const int result = m_number >= 0 ? ::close(m_number) : 0;
        m_number = -1;
        return result;
    }

private:
    int m_number;
};

std::string reasonOf(int error) { return std::generic_category().message(error); }

int openForReading(const fs::path& file)
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT)
        fail("{}: no such file", file.string());
    if (descriptor < 0)
        fail("{}: cannot be read ({})", file.string(), reasonOf(errno));
    struct stat status
    {
    };
    if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) {
        ::close(descriptor);
        fail("{}: is a folder, not a file", file.string());
    }
    return descriptor;
}

std::size_t readSome(int descriptor, char* buffer, std::size_t size, const fs::path& file)
{
    for (;;) {
        const auto got = ::read(descriptor, buffer, size);
        if (got >= 0)
            return std::size_t(got);
        if (errno != EINTR)
            fail("{}: cannot be read ({})", file.string(), reasonOf(errno));
    }
}

/// errno of the first step that failed, or 0.
int writeAndSync(int descriptor, std::string_view content)
{
    while (!content.empty()) {
        const auto written = ::write(descriptor, content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? errno : EIO;
        content.remove_prefix(std::size_t(written));
    }
    return ::fsync(descriptor) == 0 ? 0 : errno;
}

} // namespace

std::string readTextFile(const fs::path& file, std::size_t maxBytes)
{
    Descriptor descriptor(openForReading(file));
    std::string text;
    std::vector<char> chunk(kChunk);
    struct stat status
    {
    };
    if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        if (std::size_t(status.st_size) > maxBytes)
            fail("{}: larger than the {} bytes that are accepted here", file.string(), maxBytes);
        text.reserve(std::size_t(status.st_size));
    }
    while (const auto got = readSome(descriptor, chunk.data(), chunk.size(), file)) {
        if (text.size() + got > maxBytes)
            fail("{}: larger than the {} bytes that are accepted here", file.string(), maxBytes);
        text.append(chunk.data(), got);
    }
    return text;
}

void writeFileAtomically(const fs::path& file, std::string_view content)
{
    static std::atomic<unsigned> s_counter = 0;
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    std::error_code madeError;
    fs::create_directories(folder, madeError);
    if (madeError)
        fail("{}: the folder cannot be made ({})", folder.string(), madeError.message());

    const fs::path temporary
        = folder / fmt::format(".{}.{}-{}.tmp", file.filename().string(), ::getpid(), s_counter.fetch_add(1));
    struct stat old
    {
    };
    const bool replaces = ::stat(file.c_str(), &old) == 0;
    Descriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (descriptor < 0)
        fail("{}: cannot be written ({})", file.string(), reasonOf(errno));

    int error = writeAndSync(descriptor, content);
    if (error == 0 && replaces && ::fchmod(descriptor, old.st_mode & 07777) != 0)
        error = errno;
    if (descriptor.close() != 0 && error == 0)
        error = errno;
    if (error == 0 && ::rename(temporary.c_str(), file.c_str()) != 0)
        error = errno;
    if (error != 0) {
        ::unlink(temporary.c_str());
        fail("{}: cannot be written ({})", file.string(), reasonOf(error));
    }
    // The rename itself survives a power cut only when the folder is on disk too.
    if (const int folderError = syncFolder(folder))
        fail("{}: cannot be written ({})", file.string(), reasonOf(folderError));
}

int syncFolder(const fs::path& folder)
{
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno;
    const int error
        = ::fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno; // EINVAL: a file system that cannot (FUSE)
    ::close(descriptor);
    return error;
}

int replaceFolder(const fs::path& complete, const fs::path& target)
{
    std::error_code ignored;
    if (::rename(complete.c_str(), target.c_str()) == 0)
        return syncFolder(target.parent_path());
    if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
        return errno;
    if (::renameat2(AT_FDCWD, complete.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
        const int error = syncFolder(target.parent_path());
        fs::remove_all(complete, ignored);
        return error;
    }
    // A file system that cannot exchange two names.
    fs::path old = complete;
    old += ".old";
    if (::rename(target.c_str(), old.c_str()) != 0 || ::rename(complete.c_str(), target.c_str()) != 0)
        return errno;
    const int error = syncFolder(target.parent_path());
    fs::remove_all(old, ignored);
    return error;
}

struct Sha256::Context
{
    EVP_MD_CTX* md = EVP_MD_CTX_new();
    ~Context() { EVP_MD_CTX_free(md); }
};

Sha256::Sha256()
    : m_context(std::make_unique<Context>())
{
    if (!m_context->md || EVP_DigestInit_ex(m_context->md, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) { EVP_DigestUpdate(m_context->md, bytes.data(), bytes.size()); }

std::string Sha256::hex()
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(m_context->md, digest, &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i)
        text += fmt::format("{:02x}", digest[i]);
    return text;
}

std::string sha256(std::string_view bytes)
{
    Sha256 hash;
    hash.add(bytes);
    return hash.hex();
}

std::string sha256OfFile(const fs::path& file)
{
    Descriptor descriptor(openForReading(file));
    Sha256 hash;
    std::vector<char> chunk(kChunk);
    while (const auto got = readSome(descriptor, chunk.data(), chunk.size(), file))
        hash.add({chunk.data(), got});
    return hash.hex();
}

} // namespace mpo
