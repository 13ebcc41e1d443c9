// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hub/blob_file.h"

#include "core/hub/hub_paths.h"
#include "core/support/error.h"

#include <openssl/evp.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace fs = std::filesystem;

namespace mpo {

namespace {

constexpr std::size_t kChunk = std::size_t(1) << 20;
constexpr std::size_t kSha256Digits = 64, kSha1Digits = 40;
constexpr std::uint64_t kMaxUnannounced = std::uint64_t(64) << 20; ///< weights are always announced
constexpr auto kLockPoll = std::chrono::milliseconds(100);

[[noreturn]] void failToWrite(const fs::path& file, int error)
{
    fail("{}: cannot be written ({})", file.string(), std::generic_category().message(error));
}

/// Reads a file piece by piece.
template<class Take>
void readThrough(int descriptor, const fs::path& file, Take take)
{
    std::vector<char> chunk(kChunk);
    if (::lseek(descriptor, 0, SEEK_SET) < 0)
        fail("{}: cannot be read ({})", file.string(), std::generic_category().message(errno));
    for (;;) {
        const auto got = ::read(descriptor, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            fail("{}: cannot be read ({})", file.string(), std::generic_category().message(errno));
        if (got == 0)
            return;
        take(std::string_view(chunk.data(), std::size_t(got)));
    }
}

} // namespace

std::string gitBlobHash(const fs::path& file)
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail("{}: cannot be read ({})", file.string(), std::generic_category().message(errno));
    const std::unique_ptr<const int, void (*)(const int*)> closing(&descriptor, [](const int* d) { ::close(*d); });
    struct stat status
    {
    };
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    if (::fstat(descriptor, &status) != 0 || !context || EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) != 1)
        throw std::bad_alloc();
    const std::string head = fmt::format("blob {}", status.st_size);
    EVP_DigestUpdate(context.get(), head.c_str(), head.size() + 1); // with the NUL at its end
    readThrough(
        descriptor, file, [&](std::string_view bytes) { EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()); });
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context.get(), digest, &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i)
        text += fmt::format("{:02x}", digest[i]);
    return text;
}

BlobFile::BlobFile(fs::path blob, std::optional<std::uint64_t> size)
    : m_blob(std::move(blob))
    , m_partial(m_blob.string() + ".incomplete")
    , m_size(size)
{
    // O_NOFOLLOW: nothing that lies there may lead the content elsewhere.
    m_descriptor = ::open(m_partial.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (m_descriptor < 0)
        failToWrite(m_partial, errno);
    if (isHex(m_blob.filename().string(), kSha256Digits))
        m_sha256 = std::make_unique<Sha256>();
    try {
        readThrough(m_descriptor, m_partial, [&](std::string_view bytes) {
            m_bytes += bytes.size();
            if (m_sha256)
                m_sha256->add(bytes);
        });
        if (m_bytes > m_size.value_or(kMaxUnannounced))
            restart();
    } catch (...) {
        ::close(m_descriptor);
        throw;
    }
}

BlobFile::~BlobFile()
{
    if (m_descriptor < 0)
        return;
    if (m_bytes == 0)
        ::unlink(m_partial.c_str());
    ::close(m_descriptor);
}

void BlobFile::append(std::string_view bytes)
{
    const std::uint64_t limit = m_size.value_or(kMaxUnannounced);
    if (bytes.size() > limit - m_bytes) {
        restart();
        fail("more than the {} bytes that {} came in", limit, m_size ? "were announced" : "are accepted unannounced");
    }
    while (!bytes.empty()) {
        const auto written = ::write(m_descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            failToWrite(m_partial, written < 0 ? errno : EIO);
        if (m_sha256)
            m_sha256->add(bytes.substr(0, std::size_t(written)));
        m_bytes += std::uint64_t(written);
        bytes.remove_prefix(std::size_t(written));
    }
}

void BlobFile::restart()
{
    if (::ftruncate(m_descriptor, 0) != 0)
        failToWrite(m_partial, errno);
    m_bytes = 0;
    if (m_sha256)
        m_sha256 = std::make_unique<Sha256>();
}

bool BlobFile::hasHash() const { return m_sha256 || isHex(m_blob.filename().string(), kSha1Digits); }

bool BlobFile::finish()
{
    const std::string name = m_blob.filename().string();
    const bool right = m_sha256 ? m_sha256->hex() == name : !hasHash() || gitBlobHash(m_partial) == name;
    if (!right) {
        restart();
        return false;
    }
    const int error = ::fsync(m_descriptor) != 0 ? errno : 0;
    ::close(std::exchange(m_descriptor, -1));
    if (error != 0)
        failToWrite(m_blob, error);
    if (::rename(m_partial.c_str(), m_blob.c_str()) != 0)
        failToWrite(m_blob, errno);
    if (const int folderError = syncFolder(m_blob.parent_path()))
        failToWrite(m_blob, folderError);
    return true;
}

BlobLock::BlobLock(const fs::path& file, const std::function<bool()>& stopped, const std::function<void()>& waits)
{
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error)
        failToWrite(file.parent_path(), error.value());
    m_descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (m_descriptor < 0)
        failToWrite(file, errno);
    bool told = false;
    while (::flock(m_descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) { // else: a file system without locks
        if (!std::exchange(told, true))
            waits();
        if (stopped()) {
            ::close(m_descriptor);
            fail("The download was stopped while another program held {}", file.string());
        }
        std::this_thread::sleep_for(kLockPoll);
    }
}

BlobLock::~BlobLock() { ::close(m_descriptor); }

} // namespace mpo
