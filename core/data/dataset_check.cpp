// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/dataset_check.h"

#include "core/support/file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace mpo {

namespace {

/// 128 bits of SHA-256: no two texts of any data set share them.
struct Digest
{
    std::uint64_t high = 0, low = 0;
    bool operator==(const Digest&) const = default;
    bool operator<(const Digest& other) const { return high != other.high ? high < other.high : low < other.low; }
};

struct HashOfDigest
{
    std::size_t operator()(const Digest& digest) const { return std::size_t(digest.low); }
};

Digest digestOf(std::string_view bytes)
{
    const std::string hex = sha256(bytes);
    const auto part = [&](std::size_t at) { return std::stoull(hex.substr(at, 16), nullptr, 16); };
    return {part(0), part(16)};
}

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Runs of white space become one space; none at the ends.
std::string normalised(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        if (!isSpace(c))
            result += c;
        else if (!result.empty() && result.back() != ' ')
            result += ' ';
    }
    if (!result.empty() && result.back() == ' ')
        result.pop_back();
    return result;
}

Digest digestOf(const std::string& text, const TokenIds& ids)
{
    if (ids.empty())
        return digestOf(normalised(text));
    std::string bytes(ids.size() * sizeof(TokenId), '\0');
    std::memcpy(bytes.data(), ids.data(), bytes.size());
    return digestOf("ids" + bytes);
}

Digest combined(const Digest& a, const Digest& b, const Digest& c)
{
    std::string bytes;
    for (const Digest& digest : {a, b, c})
        bytes += std::to_string(digest.high) + ',' + std::to_string(digest.low) + ';';
    return digestOf(bytes);
}

std::int32_t characters(const std::string& text, const TokenIds& ids)
{
    if (!ids.empty())
        return std::int32_t(ids.size());
    return std::int32_t(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

template<class List, class Item>
void addListed(std::int64_t& count, List& list, const Item& item)
{
    ++count;
    if (list.size() < DatasetFindings::kListed)
        list.push_back(item);
}

} // namespace

struct DatasetCheck::Private
{
    struct Seen
    {
        std::int64_t row = 0;
        bool swapped = false; ///< the lesser digest is that of the rejected response
    };

    DatasetFindings findings;
    std::unordered_map<Digest, std::int64_t, HashOfDigest> otherPrompts; ///< first row of the other data set
    std::int64_t otherRows = 0;
    std::unordered_set<Digest, HashOfDigest> prompts, leakedPrompts;
    /// By prompt and both responses, whichever is chosen: the first row of each labelling.
    std::unordered_map<Digest, std::vector<Seen>, HashOfDigest> pairs;
};

DatasetCheck::DatasetCheck()
    : m_d(new Private)
{
}

DatasetCheck::~DatasetCheck() = default;

void DatasetCheck::addOther(const PreferencePair& row)
{
    m_d->otherPrompts.emplace(digestOf(row.prompt, row.promptIds), m_d->otherRows++);
}

void DatasetCheck::add(const PreferencePair& row, DatasetKind kind)
{
    DatasetFindings& f = m_d->findings;
    const std::int64_t number = f.rows++;
    const Digest prompt = digestOf(row.prompt, row.promptIds);
    m_d->prompts.insert(prompt);
    if (const auto other = m_d->otherPrompts.find(prompt); other != m_d->otherPrompts.end()) {
        addListed(f.leaks, f.leakRows, RowPair {number, other->second});
        m_d->leakedPrompts.insert(prompt);
    }

    Digest chosen, rejected;
    if (kind != DatasetKind::Prompts)
        chosen = digestOf(row.chosen, row.chosenIds);
    if (kind == DatasetKind::Pairs)
        rejected = digestOf(row.rejected, row.rejectedIds);
    if (kind == DatasetKind::Pairs && chosen == rejected)
        addListed(f.identicalResponses, f.identicalRows, number);
    const bool swapped = rejected < chosen;
    auto& seen = m_d->pairs[combined(prompt, swapped ? rejected : chosen, swapped ? chosen : rejected)];
    const auto with = [&](bool wanted) {
        return std::find_if(seen.begin(), seen.end(), [&](const auto& one) { return one.swapped == wanted; });
    };
    if (const auto same = with(swapped); same != seen.end())
        addListed(f.duplicates, f.duplicateRows, RowPair {same->row, number});
    else
        seen.push_back({number, swapped});
    if (kind == DatasetKind::Pairs && chosen != rejected)
        if (const auto opposite = with(!swapped); opposite != seen.end())
            addListed(f.conflicts, f.conflictRows, RowPair {opposite->row, number});

    f.promptLengths.push_back(characters(row.prompt, row.promptIds));
    if (kind != DatasetKind::Prompts)
        f.chosenLengths.push_back(characters(row.chosen, row.chosenIds));
    if (kind == DatasetKind::Pairs)
        f.rejectedLengths.push_back(characters(row.rejected, row.rejectedIds));
}

void DatasetCheck::setLengths(std::int32_t prompt, std::int32_t chosen, std::int32_t rejected)
{
    DatasetFindings& f = m_d->findings;
    f.inTokens = true;
    f.promptLengths.back() = prompt;
    if (!f.chosenLengths.empty())
        f.chosenLengths.back() = chosen;
    if (!f.rejectedLengths.empty())
        f.rejectedLengths.back() = rejected;
}

DatasetFindings DatasetCheck::findings() const
{
    DatasetFindings result = m_d->findings;
    result.distinctPrompts = std::int64_t(m_d->prompts.size());
    result.leakedPrompts = std::int64_t(m_d->leakedPrompts.size());
    for (std::size_t i = 0; i < result.rejectedLengths.size(); ++i) {
        const std::int32_t chosen = result.chosenLengths[i], rejected = result.rejectedLengths[i];
        if (chosen >= 0 && rejected >= 0) {
            result.longerChosen += chosen > rejected;
            result.longerRejected += rejected > chosen;
        }
    }
    return result;
}

LengthSummary summarise(std::vector<std::int32_t> lengths)
{
    std::erase_if(lengths, [](std::int32_t length) { return length < 0; });
    LengthSummary summary;
    if (lengths.empty())
        return summary;
    std::sort(lengths.begin(), lengths.end());
    summary.count = std::int64_t(lengths.size());
    for (const std::int32_t length : lengths)
        summary.total += length;
    summary.mean = double(summary.total) / double(summary.count);
    // The least length that the share of rows does not exceed.
    const auto quantile = [&](double share) {
        return lengths[std::size_t(std::max(0.0, std::ceil(share * double(lengths.size())) - 1.0))];
    };
    summary.shortest = lengths.front();
    summary.median = quantile(0.5);
    summary.p95 = quantile(0.95);
    summary.longest = lengths.back();
    return summary;
}

} // namespace mpo
