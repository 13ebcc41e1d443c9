// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/page_heap.h"

#include <algorithm>
#include <iterator>

#include <sys/mman.h>

namespace mpo {

namespace {

constexpr std::size_t kGrain = 4096; // sizes of blocks are multiples of it
constexpr std::size_t kPage = std::size_t(2) << 20;
constexpr std::size_t kSegment = 32 * kPage; // or what a larger block needs

std::size_t roundedUp(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// Whole pages that begin at a multiple of their size.
char* map(std::size_t size)
{
    void* place = mmap(nullptr, size + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED)
        return nullptr;
    // What stands over at both ends goes back.
    char* const begin = static_cast<char*>(place);
    const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(begin) % kPage) % kPage;
    if (before > 0)
        munmap(begin, before);
    munmap(begin + before + size, kPage - before);
#if defined(MADV_HUGEPAGE)
    madvise(begin + before, size, MADV_HUGEPAGE); // or not: it is the same memory
#endif
    return begin + before;
}

} // namespace

PageHeap::~PageHeap()
{
    for (const auto& [place, segment] : m_segments)
        munmap(place, segment.size);
}

void* PageHeap::take(std::size_t bytes)
{
    if (bytes > std::size_t(-1) / 2)
        return nullptr;
    const std::size_t size = roundedUp(std::max<std::size_t>(bytes, 1), kGrain);
    const std::lock_guard lock(m_mutex);
    auto fits = m_freeBySize.lower_bound({size, nullptr});
    if (fits == m_freeBySize.end()) {
        if (!addSegment(size)) {
            unmapFreeSegments();
            if (!addSegment(size))
                return nullptr;
        }
        fits = m_freeBySize.lower_bound({size, nullptr});
    }
    const auto [whole, place] = *fits;
    eraseFree(place, whole);
    if (whole > size)
        insertFree(place + size, whole - size);
    m_blocks[place] = size;
    m_inUse += size;
    occupy(place, size);
    return place;
}

bool PageHeap::giveBack(void* block)
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_blocks.find(block);
    if (found == m_blocks.end())
        return false;
    char* place = static_cast<char*>(block);
    std::size_t size = found->second;
    m_blocks.erase(found);
    m_inUse -= size;
    vacate(place, size);

    const auto segment = segmentOf(place);
    char* const segmentEnd = segment->first + segment->second.size;
    auto next = m_free.lower_bound(place);
    if (next != m_free.begin()) {
        const auto [before, beforeSize] = *std::prev(next);
        if (before + beforeSize == place && before >= segment->first) {
            eraseFree(before, beforeSize);
            place = before;
            size += beforeSize;
        }
    }
    next = m_free.find(place + size);
    if (next != m_free.end() && next->first < segmentEnd) {
        const std::size_t nextSize = next->second;
        eraseFree(place + size, nextSize);
        size += nextSize;
    }
    insertFree(place, size);
    return true;
}

void PageHeap::releaseKept()
{
    const std::lock_guard lock(m_mutex);
    unmapFreeSegments();
    releasePages(m_usedPages);
    m_mostUsedPages = m_usedPages;
}

PageHeap::Use PageHeap::use() const
{
    const std::lock_guard lock(m_mutex);
    return {m_inUse, (m_residentPages - m_usedPages) * kPage, m_mostUsedPages * kPage};
}

PageHeap::Segments::iterator PageHeap::segmentOf(char* place) { return std::prev(m_segments.upper_bound(place)); }

bool PageHeap::addSegment(std::size_t size)
{
    const std::size_t needed = roundedUp(size, kPage);
    for (const std::size_t whole : {std::max(needed, kSegment), needed}) {
        if (char* const place = map(whole)) {
            m_segments[place] = {whole, std::vector<std::uint32_t>(whole / kPage), std::vector<bool>(whole / kPage)};
            insertFree(place, whole);
            return true;
        }
    }
    return false;
}

void PageHeap::insertFree(char* place, std::size_t size)
{
    m_free[place] = size;
    m_freeBySize.emplace(size, place);
}

void PageHeap::eraseFree(char* place, std::size_t size)
{
    m_free.erase(place);
    m_freeBySize.erase({size, place});
}

void PageHeap::occupy(char* place, std::size_t size)
{
    const auto segment = segmentOf(place);
    const auto offset = std::size_t(place - segment->first);
    for (std::size_t page = offset / kPage; page <= (offset + size - 1) / kPage; ++page) {
        if (segment->second.blocks[page]++ == 0)
            ++m_usedPages;
        if (!segment->second.resident[page]) {
            segment->second.resident[page] = true;
            ++m_residentPages;
        }
    }
    m_mostUsedPages = std::max(m_mostUsedPages, m_usedPages);
    releasePages(m_mostUsedPages);
}

void PageHeap::vacate(char* place, std::size_t size)
{
    const auto segment = segmentOf(place);
    const auto offset = std::size_t(place - segment->first);
    for (std::size_t page = offset / kPage; page <= (offset + size - 1) / kPage; ++page)
        if (--segment->second.blocks[page] == 0)
            --m_usedPages;
}

/// Pages without a block go back until no more than so many are resident.
void PageHeap::releasePages(std::size_t most)
{
    for (auto segment = m_segments.begin(); segment != m_segments.end() && m_residentPages > most; ++segment) {
        auto& [place, part] = *segment;
        for (std::size_t page = 0; page < part.blocks.size() && m_residentPages > most; ++page) {
            if (part.blocks[page] > 0 || !part.resident[page])
                continue;
            madvise(place + page * kPage, kPage, MADV_DONTNEED);
            part.resident[page] = false;
            --m_residentPages;
        }
    }
}

void PageHeap::unmapFreeSegments()
{
    for (auto segment = m_segments.begin(); segment != m_segments.end();) {
        auto& [place, part] = *segment;
        const auto range = m_free.find(place);
        if (range == m_free.end() || range->second != part.size) {
            ++segment;
            continue;
        }
        m_residentPages -= std::size_t(std::count(part.resident.begin(), part.resident.end(), true));
        eraseFree(place, part.size);
        munmap(place, part.size);
        segment = m_segments.erase(segment);
    }
}

} // namespace mpo
