// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/support/error.h"

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mpo {

/// Another process of the run is gone, or has not answered for half an hour.
class LostRank : public Error
{
public:
    using Error::Error;
};

/// What the processes of one run (ranks, in the words of MPI and PyTorch) do together. Every rank calls the same
/// members in the same order; each but the last group waits for all. Rank 0 is the one that reads and writes the
/// project. This class itself is a run of one process, where everything is the identity; connectRanks() makes the
/// others. Members that communicate throw LostRank. For one thread at a time.
class Communicator
{
public:
    virtual ~Communicator() = default;
    virtual int rank() const { return 0; }
    virtual int size() const { return 1; }
    bool alone() const { return size() == 1; }
    bool isFirst() const { return rank() == 0; }

    /// Adds up the tensors of all ranks in place; all hold the same bits then. Contiguous; fp32, double or whole
    /// numbers.
    virtual void sum(const at::Tensor&) { }
    /// Everyone gets the values of rank 0, in place. Contiguous.
    virtual void broadcast(const at::Tensor&) { }
    /// The text of rank 0.
    virtual std::string broadcast(const std::string& text) { return text; }
    /// What a rank wants next; the strongest wish of all is what all do.
    enum class Wish : std::int32_t { GoOn = 0, Wait = 1, Stop = 2 };
    virtual Wish agree(Wish own) { return own; }

    void sum(std::vector<double>& values);
    void sum(std::vector<std::int64_t>& values);
    /// Throws Error when the ranks do not hold the same number.
    void requireSame(std::int64_t number, std::string_view what);
    bool lost() const { return m_lost; } ///< LostRank was thrown: there is nobody to talk to any more

    // Without waiting for each other.
    /// Rank 0 gives the others something to do; an empty text is the last one.
    virtual void announce(const std::string&) { }
    /// Of the others: waits for what rank 0 announces next. Calls `waiting` now and then, which may throw.
    virtual std::string nextAnnouncement(const std::function<void()>&) { return {}; }
    /// Leaves a sentence about why this rank ends, for the others to find.
    virtual void leaveReason(const std::string&) noexcept { }
    /// The sentence that a rank left; empty: none.
    virtual std::string reasonOf(int) noexcept { return {}; }

protected:
    bool m_lost = false;
};

/// A run of one process.
const std::shared_ptr<Communicator>& aloneCommunicator();

/// The numbers 0..count-1 are divided among the ranks in blocks of about the same size.
struct Block
{
    std::int64_t first = 0, last = 0; ///< [first, last)
};
Block blockOf(std::int64_t count, int rank, int size);
inline std::int64_t largestBlock(std::int64_t count, int size) { return (count + size - 1) / size; }

/// The numbers 0..count-1 are dealt out like cards. In each round a rank has one of them or, in the last, none (-1).
inline std::int64_t rounds(std::int64_t count, const Communicator& ranks) { return largestBlock(count, ranks.size()); }
inline std::int64_t dealt(std::int64_t round, std::int64_t count, const Communicator& ranks)
{
    const std::int64_t number = round * ranks.size() + ranks.rank();
    return number < count ? number : -1;
}

} // namespace mpo
