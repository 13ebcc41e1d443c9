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

TokenizedRow tokenizePair(const PreferencePair& pair, DatasetKind kind, const Tokenizer* tokenizer)
{
    if (pair.hasIds())
        return {pair.promptIds, pair.chosenIds, pair.rejectedIds};
    if (!tokenizer)
        fail("The model has no tokenizer.json, so it takes rows of token ids only; give it a tokenizer or rows with "
             "prompt_ids");
    TokenizedRow result;
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

void TokenizedPairs::add(const TokenizedRow& row, std::int64_t index, bool hadIds)
{
    m_pairs.push_back({m_store->add(row.prompt), m_store->add(row.chosen), m_store->add(row.rejected), index, hadIds});
}

void RowLimiter::add(TokenizedRow&& row, std::int64_t index, bool hadIds)
{
    if ((m_kind == DatasetKind::Prompts && row.prompt.empty()) || (m_kind != DatasetKind::Prompts && row.chosen.empty())
        || (m_kind == DatasetKind::Pairs && row.rejected.empty())) {
        ++m_report.droppedEmpty;
        return;
    }
    const auto limit = std::size_t(m_limit);
    const std::size_t longest = row.prompt.size() + std::max(row.chosen.size(), row.rejected.size());
    if (m_limit > 0 && longest > limit) {
        if (m_truncation == Truncation::DropLong || row.prompt.size() >= limit) {
            ++m_report.droppedLong;
            return;
        }
        ++m_report.cut;
        for (TokenIds* response : {&row.chosen, &row.rejected})
            response->resize(std::min(response->size(), limit - row.prompt.size()));
    }
    m_report.pairs.add(row, index, hadIds);
}

} // namespace mpo
