// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenized_pair.h"

#include "core/support/error.h"

#include <algorithm>

namespace mpo {

namespace {

std::size_t commonPrefix(const TokenIds& a, const TokenIds& b)
{
    return std::size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

TokenIds withEos(const std::string& prompt, std::string response, const Tokenizer& tokenizer)
{
    // A response that already ends in the EOS text gets no second one.
    if (!tokenizer.eosText.empty() && response.ends_with(tokenizer.eosText))
        response.resize(response.size() - tokenizer.eosText.size());
    TokenIds ids = tokenizer.encodeWithTemplate(prompt + response, Tokenizer::SpecialInText::No);
    if (tokenizer.eos)
        ids.push_back(*tokenizer.eos);
    return ids;
}

} // namespace

TokenizedPair tokenizePair(const PreferencePair& pair, DatasetKind kind, const Tokenizer* tokenizer)
{
    if (pair.hasIds())
        return {pair.promptIds, pair.chosenIds, pair.rejectedIds, 0};
    if (!tokenizer)
        fail("The model has no tokenizer.json, so it takes rows of token ids only; give it a tokenizer or rows with "
             "prompt_ids");
    TokenizedPair result;
    // Responses of a dialogue are bare; as plain text a space stands between them and "Assistant:".
    const std::string space = pair.turns.empty() ? "" : " ";
    result.prompt = tokenizer->encodeWithTemplate(pair.prompt, Tokenizer::SpecialInText::No);
    if (kind == DatasetKind::Prompts)
        return result;
    const TokenIds chosen = withEos(pair.prompt, space + pair.chosen, *tokenizer);
    std::size_t boundary = commonPrefix(result.prompt, chosen);
    TokenIds rejected;
    if (kind == DatasetKind::Pairs) {
        rejected = withEos(pair.prompt, space + pair.rejected, *tokenizer);
        boundary = std::min(boundary, commonPrefix(result.prompt, rejected));
        result.rejected.assign(rejected.begin() + std::ptrdiff_t(boundary), rejected.end());
    }
    result.chosen.assign(chosen.begin() + std::ptrdiff_t(boundary), chosen.end());
    result.prompt.resize(boundary);
    return result;
}

TokenizeReport tokenizePairs(const Dataset& dataset, const Tokenizer* tokenizer, std::int64_t maxLength,
    Truncation truncation, std::stop_token stop)
{
    TokenizeReport report;
    const auto limit = std::size_t(maxLength);
    for (std::size_t i = 0; i < dataset.pairs.size() && !stop.stop_requested(); ++i) {
        TokenizedPair pair = tokenizePair(dataset.pairs[i], dataset.kind, tokenizer);
        pair.index = std::int64_t(i);
        if ((dataset.kind != DatasetKind::Prompts && pair.chosen.empty())
            || (dataset.kind == DatasetKind::Pairs && pair.rejected.empty())) {
            ++report.droppedEmpty;
            continue;
        }
        const std::size_t longest = pair.prompt.size() + std::max(pair.chosen.size(), pair.rejected.size());
        if (maxLength > 0 && longest > limit) {
            if (truncation == Truncation::DropLong || pair.prompt.size() >= limit) {
                ++report.droppedLong;
                continue;
            }
            ++report.cut;
            for (TokenIds* response : {&pair.chosen, &pair.rejected})
                response->resize(std::min(response->size(), limit - pair.prompt.size()));
        }
        report.pairs.push_back(std::move(pair));
    }
    return report;
}

} // namespace mpo
