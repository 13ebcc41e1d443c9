// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/sources/byte_source.h"

#include "core/support/error.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace mpo {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kGzipBuffer = 1 << 17;

/// zlib passes plain files through as they are.
class GzipSource : public ByteSource
{
public:
    explicit GzipSource(const fs::path& file)
        : m_name(file.string())
        , m_file(gzopen(file.c_str(), "rb"), gzclose)
    {
        if (!m_file)
            fail("{}: cannot be read ({})", m_name, std::strerror(errno));
        std::error_code error;
        m_size = double(fs::file_size(file, error));
        gzbuffer(m_file.get(), kGzipBuffer);
    }

    std::size_t read(char* into, std::size_t most) override
    {
        const int count = gzread(m_file.get(), into, unsigned(most));
        int code = Z_OK;
        const char* message = gzerror(m_file.get(), &code);
        if (count < 0 || (count == 0 && code != Z_OK && code != Z_STREAM_END))
            fail("{}: the file is cut or damaged ({})", m_name, message);
        return std::size_t(count);
    }

    double share() const override
    {
        return m_size > 0.0 ? std::clamp(double(gzoffset(m_file.get())) / m_size, 0.0, 1.0) : 1.0;
    }

private:
    std::string m_name;
    std::unique_ptr<gzFile_s, int (*)(gzFile_s*)> m_file;
    double m_size = 0.0;
};

class ZstdSource : public ByteSource
{
public:
    explicit ZstdSource(const fs::path& file)
        : m_name(file.string())
        , m_file(std::fopen(file.c_str(), "rb"), std::fclose)
        , m_stream(ZSTD_createDStream(), ZSTD_freeDStream)
        , m_buffer(ZSTD_DStreamInSize())
    {
        if (!m_file)
            fail("{}: cannot be read ({})", m_name, std::strerror(errno));
        std::error_code error;
        m_size = double(fs::file_size(file, error));
    }

    std::size_t read(char* into, std::size_t most) override
    {
        ZSTD_outBuffer out {into, most, 0};
        while (out.pos == 0) {
            if (m_in.pos == m_in.size && !m_ended) {
                m_in = {m_buffer.data(), std::fread(m_buffer.data(), 1, m_buffer.size(), m_file.get()), 0};
                if (std::ferror(m_file.get()))
                    fail("{}: cannot be read ({})", m_name, std::strerror(errno));
                m_ended = m_in.size == 0;
                m_read += double(m_in.size);
            }
            // Also without new input: the decoder may still hold output.
            const std::size_t code = ZSTD_decompressStream(m_stream.get(), &out, &m_in);
            if (ZSTD_isError(code))
                fail("{}: the file is cut or damaged ({})", m_name, ZSTD_getErrorName(code));
            if (out.pos == 0 && m_ended) {
                if (!m_frameDone)
                    fail("{}: the file is cut or damaged (it ends too early)", m_name);
                break;
            }
            m_frameDone = code == 0;
        }
        return out.pos;
    }

    double share() const override { return m_size > 0.0 ? std::clamp(m_read / m_size, 0.0, 1.0) : 1.0; }

private:
    std::string m_name;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> m_file;
    std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> m_stream;
    std::vector<char> m_buffer;
    ZSTD_inBuffer m_in {nullptr, 0, 0};
    bool m_ended = false;
    bool m_frameDone = true; ///< at the end of a frame, so that the file may end
    double m_size = 0.0, m_read = 0.0;
};

} // namespace

std::unique_ptr<ByteSource> ByteSource::open(const fs::path& file)
{
    std::error_code error;
    if (!fs::exists(file, error))
        fail("{}: no such file", file.string());
    if (fs::is_directory(file, error))
        fail("{}: this is a folder; name a file in it", file.string());
    if (file.extension() == ".zst")
        return std::make_unique<ZstdSource>(file);
    return std::make_unique<GzipSource>(file);
}

} // namespace mpo
