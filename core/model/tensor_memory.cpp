// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_memory.h"

#include <c10/core/CPUAllocator.h>

#include <mutex>

namespace mpo {

namespace {

constexpr std::size_t kLarge = std::size_t(1) << 17; // smaller ones are the heap's

PageHeap& largeBlocks()
{
    static auto* blocks = new PageHeap; // tensors may outlive the end of main
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

void releaseTensorMemory() { largeBlocks().releaseKept(); }

PageHeap::Use tensorMemoryUse() { return largeBlocks().use(); }

} // namespace mpo
