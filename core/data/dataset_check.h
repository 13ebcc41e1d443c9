// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/data/preference_pair.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace mpo {

/// Two rows that belong together, numbers from 0.
struct RowPair
{
    std::int64_t first = 0, second = 0; ///< first < second, or of two data sets: a row of this one and of the other
    bool operator==(const RowPair&) const = default;
};

/// What stands out in a data set before anything is trained on it. Texts are compared without regard to white space at
/// their ends and to how much of it stands between words.
struct DatasetFindings
{
    static constexpr std::size_t kListed = 1000; ///< of each list: the counts go on

    std::int64_t rows = 0;
    std::int64_t distinctPrompts = 0;
    /// Rows that say again what a row before them says (prompt, chosen and rejected alike), with the first such row.
    std::int64_t duplicates = 0;
    std::vector<RowPair> duplicateRows;
    /// Rows with the prompt and the two responses of a row before them, but the other one chosen.
    std::int64_t conflicts = 0;
    std::vector<RowPair> conflictRows;
    std::int64_t identicalResponses = 0; ///< chosen and rejected are alike: nothing can be learnt from them
    std::vector<std::int64_t> identicalRows;
    /// Rows whose prompt stands in the other data set too; empty where none was given.
    std::string against;
    std::int64_t leaks = 0, leakedPrompts = 0; ///< rows here; distinct prompts
    std::vector<RowPair> leakRows;

    /// Length of each row's parts: tokens where a tokenizer was given, else characters. -1: the row could not be
    /// tokenised. Empty where the kind of data has no such part.
    bool inTokens = false;
    std::vector<std::int32_t> promptLengths, chosenLengths, rejectedLengths;
    std::int64_t longerChosen = 0, longerRejected = 0; ///< pairs in which that response is the longer one
};

/// Looks at rows one by one; keeps digests, not texts.
class DatasetCheck
{
public:
    DatasetCheck();
    ~DatasetCheck();

    void addOther(const PreferencePair& row); ///< of the data set to compare with; all of them before the first add()
    void add(const PreferencePair& row, DatasetKind kind);
    /// Lengths of the row added last, instead of its characters; -1: unknown.
    void setLengths(std::int32_t prompt, std::int32_t chosen, std::int32_t rejected);
    DatasetFindings findings() const;

private:
    struct Private;
    std::unique_ptr<Private> m_d;
};

/// Mean, median, 95th percentile and maximum of lengths; those below 0 are left out.
struct LengthSummary
{
    std::int64_t count = 0, total = 0, shortest = 0, median = 0, p95 = 0, longest = 0;
    double mean = 0.0;
};
LengthSummary summarise(std::vector<std::int32_t> lengths);

} // namespace mpo
