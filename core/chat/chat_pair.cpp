// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/chat_pair.h"

#include <algorithm>

namespace mpo {

namespace {

std::size_t commonPrefix(const TokenIds& a, const TokenIds& b)
{
    return std::size_t(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

} // namespace

ChatPairTokenizer::ChatPairTokenizer(const Tokenizer* tokenizer)
    : m_tokenizer(tokenizer)
{
    if (tokenizer && !tokenizer->chatTemplate.empty())
        m_template = std::make_shared<const ChatTemplate>(tokenizer->chatTemplate);
}

TokenIds ChatPairTokenizer::promptIds(const std::vector<ChatMessage>& turns) const
{
    ChatTemplate::Request request;
    request.messages = ChatTemplate::toJson(turns);
    request.continueFinalMessage = turns.back().role == "assistant";
    request.addGenerationPrompt = !request.continueFinalMessage;
    return encodeRendered(m_template->render(request, *m_tokenizer), *m_tokenizer);
}

TokenIds ChatPairTokenizer::idsWith(const PreferencePair& pair, const std::string& response) const
{
    std::vector<ChatMessage> messages = pair.turns;
    messages.push_back({"assistant", response});
    return m_template->encode(messages, false, *m_tokenizer);
}

TokenizedRow ChatPairTokenizer::operator()(const PreferencePair& pair, DatasetKind kind) const
{
    if (pair.hasIds() || pair.turns.empty() || !m_template)
        return tokenizePair(pair, kind, m_tokenizer);
    TokenizedRow result;
    if (kind == DatasetKind::Prompts) {
        result.prompt = promptIds(pair.turns);
        return result;
    }
    result.prompt = m_template->encode(pair.turns, true, *m_tokenizer);
    const TokenIds chosen = idsWith(pair, pair.chosen);
    std::size_t boundary = commonPrefix(result.prompt, chosen);
    if (kind == DatasetKind::Pairs) {
        const TokenIds rejected = idsWith(pair, pair.rejected);
        boundary = std::min(boundary, commonPrefix(result.prompt, rejected));
        result.rejected.assign(rejected.begin() + std::ptrdiff_t(boundary), rejected.end());
    }
    result.chosen.assign(chosen.begin() + std::ptrdiff_t(boundary), chosen.end());
    result.prompt.resize(boundary);
    return result;
}

RowReport tokenizeRows(const RowSource& source, const Tokenizer* tokenizer, std::int64_t maxLength,
    Truncation truncation, std::stop_token stop, std::shared_ptr<TokenStore> store)
{
    RowReport report;
    report.pairs = TokenizedPairs(std::move(store));
    const ChatPairTokenizer rule(tokenizer);
    RowLimiter limiter(report, source.kind, maxLength, truncation);
    source.each([&](std::int64_t number, const PreferencePair& pair) {
        if (stop.stop_requested())
            return false;
        ++report.rows;
        report.texts += !pair.hasIds();
        try {
            limiter.add(rule(pair, source.kind), number, pair.hasIds());
        } catch (const RowRefusal& refusal) {
            if (report.refused++ == 0)
                report.firstRefusal = refusal.what();
        }
        return true;
    });
    return report;
}

} // namespace mpo
