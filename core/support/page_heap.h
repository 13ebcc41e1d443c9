// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mpo {

/// Memory in blocks of some hundred KiB to some GiB, cut from segments that are marked for pages of 2 MiB. A block that
/// is given back becomes one with what is free beside it and is handed out again, whole or in parts, also where the
/// sizes of one round are not those of the next; otherwise its pages would go to the system and come back full of
/// zeros, which takes longer than many a product on them. The pages kept for this and those in use are never more
/// together than those in use at the worst moment, so that the peak stays what it is. Any thread.
class PageHeap
{
public:
    PageHeap() = default;
    PageHeap(const PageHeap&) = delete;
    PageHeap& operator=(const PageHeap&) = delete;
    ~PageHeap();

    /// At least so many bytes, their content as it happens to be; aligned to 4 KiB. Null: the system has no more.
    void* take(std::size_t bytes);
    /// False: it is no block of this heap.
    bool giveBack(void* block);
    /// Gives the pages without a block back to the system.
    void releaseKept();

    struct Use
    {
        std::size_t inUse = 0; ///< bytes of the blocks
        std::size_t kept = 0; ///< bytes of pages without a block that the system has not got back
        std::size_t mostInUse = 0; ///< bytes of pages with a block, at the worst moment since they were last released
    };
    Use use() const;

private:
    struct Segment
    {
        std::size_t size = 0; ///< bytes, whole pages
        std::vector<std::uint32_t> blocks; ///< on each page
        std::vector<bool> resident; ///< pages that had a block since the system had them last
    };
    using Segments = std::map<char*, Segment>;

    Segments::iterator segmentOf(char* place);
    bool addSegment(std::size_t size);
    void insertFree(char* place, std::size_t size);
    void eraseFree(char* place, std::size_t size);
    void occupy(char* place, std::size_t size);
    void vacate(char* place, std::size_t size);
    void releasePages(std::size_t most);
    void unmapFreeSegments();

    mutable std::mutex m_mutex;
    Segments m_segments;
    std::map<char*, std::size_t> m_free; ///< ranges; none ends where another one of its segment begins
    std::set<std::pair<std::size_t, char*>> m_freeBySize;
    std::unordered_map<void*, std::size_t> m_blocks; ///< in use
    std::size_t m_inUse = 0; ///< bytes
    std::size_t m_residentPages = 0, m_usedPages = 0, m_mostUsedPages = 0;
};

} // namespace mpo
