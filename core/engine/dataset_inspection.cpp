// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/engine/dataset_inspection.h"

#include "core/chat/chat_pair.h"
#include "core/support/error.h"

#include <algorithm>

namespace mpo {

namespace {

constexpr std::int64_t kPortion = 4096; ///< rows read at once: others wait for the store no longer than this takes

DatasetRow requireDataset(const Project& project, const std::string& name)
{
    auto row = project.dataset(name);
    if (!row)
        fail("There is no data set \"{}\" in the project; `mpo data list` shows them", name);
    return *row;
}

/// Calls `each` with portions of rows, in order.
template<class Each>
void forEachPortion(const Project& project, const DatasetRow& data, const std::stop_token& stop, const Each& each)
{
    for (std::int64_t first = 0; first < data.pairs; first += kPortion) {
        if (stop.stop_requested())
            fail("Stopped");
        each(project.pairs(data.name, first, std::min(kPortion, data.pairs - first)));
    }
}

struct Lengths
{
    std::int32_t prompt = -1, chosen = -1, rejected = -1;
};

Lengths lengthsOf(const PreferencePair& row, DatasetKind kind, const ChatPairTokenizer& tokenizer)
{
    try {
        const auto tokens = tokenizer(row, kind);
        return {std::int32_t(tokens.prompt.size()), std::int32_t(tokens.chosen.size()),
            std::int32_t(tokens.rejected.size())};
    } catch (const Error&) { // the template does not take the row; training leaves it out and says so
        return {};
    }
}

} // namespace

DatasetFindings inspectDataset(const Project& project, const std::string& dataset, const std::string& model,
    const std::string& against, const std::stop_token& stop, const std::function<void(double)>& progress)
{
    const DatasetRow data = requireDataset(project, dataset);
    const auto tokenizer = model.empty() ? nullptr : Tokenizer::load(model);
    const ChatPairTokenizer tokenize(tokenizer.get());
    DatasetCheck check;
    std::int64_t done = 0, total = data.pairs;
    const auto tell = [&](std::size_t rows) {
        done += std::int64_t(rows);
        if (progress)
            progress(double(done) / double(std::max<std::int64_t>(1, total)));
    };
    if (!against.empty()) {
        const DatasetRow other = requireDataset(project, against);
        total += other.pairs;
        forEachPortion(project, other, stop, [&](const std::vector<PreferencePair>& rows) {
            for (const PreferencePair& row : rows)
                check.addOther(row);
            tell(rows.size());
        });
    }
    forEachPortion(project, data, stop, [&](const std::vector<PreferencePair>& rows) {
        for (const PreferencePair& row : rows) {
            check.add(row, data.kind);
            if (!tokenizer)
                continue;
            const Lengths lengths = lengthsOf(row, data.kind, tokenize);
            check.setLengths(lengths.prompt, lengths.chosen, lengths.rejected);
        }
        tell(rows.size());
    });
    DatasetFindings findings = check.findings();
    findings.against = against;
    return findings;
}

struct TokenPreview::Private
{
    std::shared_ptr<const Tokenizer> tokenizer;
    ChatPairTokenizer rows;
};

TokenPreview::TokenPreview(const std::string& modelFolder)
{
    auto tokenizer = Tokenizer::load(modelFolder);
    ChatPairTokenizer rows(tokenizer.get());
    m_d.reset(new Private {std::move(tokenizer), std::move(rows)});
}

TokenPreview::~TokenPreview() = default;

TokenPreview::Row TokenPreview::row(const PreferencePair& pair, DatasetKind kind) const
{
    const Tokenizer& tokenizer = *m_d->tokenizer;
    const auto part = [&](const auto& given) {
        const TokenIds ids(given.begin(), given.end());
        Part result;
        result.tokens = std::int64_t(ids.size());
        TokenIds plain;
        const auto flush = [&] {
            if (!plain.empty())
                result.pieces.push_back({tokenizer.decode(plain), false});
            plain.clear();
        };
        for (const TokenId id : ids) {
            const bool special = tokenizer.decode({id}, Tokenizer::SpecialTokens::Skip).empty()
                && !tokenizer.decode({id}, Tokenizer::SpecialTokens::Keep).empty();
            if (!special) {
                plain.push_back(id);
                continue;
            }
            flush();
            result.pieces.push_back({tokenizer.tokenOf(id).value_or(tokenizer.decode({id})), true});
        }
        flush();
        return result;
    };
    const auto tokens = m_d->rows(pair, kind);
    return {part(tokens.prompt), part(tokens.chosen), part(tokens.rejected)};
}

} // namespace mpo
