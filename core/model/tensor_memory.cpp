// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_memory.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

#include <sys/mman.h>

namespace mpo {

namespace {

constexpr std::size_t kLarge = std::size_t(1) << 20; // smaller ones are the heap's
constexpr std::size_t kHugePage = std::size_t(2) << 20;

/// A block's size: the next of sixteen steps between powers of two, so that tensors of nearly the same size fit.
std::size_t blockSize(std::size_t bytes)
{
    const std::size_t step = std::bit_floor(bytes) / 16;
    return (bytes + step - 1) / step * step;
}

class LargeBlocks
{
public:
    void* take(std::size_t bytes)
    {
        const std::size_t size = blockSize(bytes);
        const std::lock_guard lock(m_mutex);
        m_most = std::max(m_most, m_inUse + size);
        void* block = nullptr;
        if (const auto found = m_kept.lower_bound({size, 0}); found != m_kept.end() && found->first.size == size) {
            block = found->second;
            m_kept.erase(found);
            m_keptBytes -= size;
        } else {
            release(m_most > m_inUse + size ? m_most - m_inUse - size : 0);
            block = map(size);
            if (!block) { // what is kept may make room
                release(0);
                block = map(size);
            }
            if (!block)
                return nullptr;
        }
        m_sizes[block] = size;
        m_inUse += size;
        return block;
    }

    /// False: it is none of these blocks.
    bool giveBack(void* block)
    {
        const std::lock_guard lock(m_mutex);
        const auto found = m_sizes.find(block);
        if (found == m_sizes.end())
            return false;
        const std::size_t size = found->second;
        m_sizes.erase(found);
        m_inUse -= size;
        m_kept.emplace(Kept {size, ++m_time}, block);
        m_keptBytes += size;
        return true;
    }

    void releaseAll()
    {
        const std::lock_guard lock(m_mutex);
        release(0);
        m_most = m_inUse;
    }

    TensorMemoryUse use()
    {
        const std::lock_guard lock(m_mutex);
        return {m_inUse, m_keptBytes, m_most};
    }

private:
    struct Kept
    {
        std::size_t size;
        std::uint64_t since;
        auto operator<=>(const Kept&) const = default;
    };

    /// Until no more than this is kept, first what has been kept longest.
    void release(std::size_t most)
    {
        while (m_keptBytes > most) {
            const auto oldest = std::min_element(m_kept.begin(), m_kept.end(),
                [](const auto& a, const auto& b) { return a.first.since < b.first.since; });
            munmap(oldest->second, oldest->first.size);
            m_keptBytes -= oldest->first.size;
            m_kept.erase(oldest);
        }
    }

    static void* map(std::size_t size)
    {
        const std::size_t around = size + kHugePage;
        void* place = mmap(nullptr, around, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED)
            return nullptr;
        // Large pages begin at their multiples; what stands over goes back.
        const auto begin = reinterpret_cast<std::uintptr_t>(place);
        const std::uintptr_t aligned = (begin + kHugePage - 1) / kHugePage * kHugePage;
        if (aligned > begin)
            munmap(place, aligned - begin);
        munmap(reinterpret_cast<void*>(aligned + size), begin + around - aligned - size);
#if defined(MADV_HUGEPAGE)
        if (const std::size_t whole = size / kHugePage * kHugePage; whole > 0)
            madvise(reinterpret_cast<void*>(aligned), whole, MADV_HUGEPAGE); // or not: it is the same memory
#endif
        return reinterpret_cast<void*>(aligned);
    }

    std::mutex m_mutex;
    std::unordered_map<void*, std::size_t> m_sizes; ///< of blocks in use
    std::map<Kept, void*> m_kept;
    std::size_t m_inUse = 0, m_keptBytes = 0, m_most = 0;
    std::uint64_t m_time = 0;
};

LargeBlocks& largeBlocks()
{
    static auto* blocks = new LargeBlocks; // tensors may outlive the end of main
    return *blocks;
}

void freeAny(void* place)
{
    if (place && !largeBlocks().giveBack(place))
        c10::GetDefaultCPUAllocator()->raw_deallocate(place);
}

void freeLarge(void* place) { largeBlocks().giveBack(place); }

class Memory : public c10::Allocator
{
public:
    c10::DataPtr allocate(std::size_t bytes) override
    {
        if (bytes < kLarge)
            return c10::GetDefaultCPUAllocator()->allocate(bytes);
        void* place = largeBlocks().take(bytes);
        if (!place) // says in its way that there is none
            return c10::GetDefaultCPUAllocator()->allocate(bytes);
        return {place, place, &freeLarge, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &freeAny; }
    void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

} // namespace

void keepTensorMemory()
{
    static std::once_flag once;
    std::call_once(once, [] { c10::SetCPUAllocator(new Memory, /*priority=*/1); });
}

void releaseTensorMemory() { largeBlocks().releaseAll(); }

TensorMemoryUse tensorMemoryUse() { return largeBlocks().use(); }

} // namespace mpo
