// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/chat/chat_template.h"
#include "core/data/row_source.h"
#include "core/tokenizer/tokenized_pair.h"

#include <stop_token>

namespace mpo {

/// Rows to token ids for a model: rows that hold messages go through its chat template, as TRL 1.16 does with
/// conversational rows; plain text, rows of ids, and messages for a model without a template go through tokenizePair.
///
/// Prompt = longest common prefix of template(messages, generation prompt) and template(messages + response), for a
/// pair the shorter of the two; no EOS is appended, the template ends the response. A prompt alone whose last message
/// is the model's is left open for it to go on.
class ChatPairTokenizer
{
public:
    /// `tokenizer` may be null for rows of ids and must outlive this. Throws Error for a template that is none.
    explicit ChatPairTokenizer(const Tokenizer* tokenizer);

    /// Throws RowRefusal where the template does not take the messages, Error where the tokenizer is needed and null.
    TokenizedRow operator()(const PreferencePair& pair, DatasetKind kind) const;

private:
    TokenIds promptIds(const std::vector<ChatMessage>& turns) const;
    TokenIds idsWith(const PreferencePair& pair, const std::string& response) const;

    const Tokenizer* m_tokenizer;
    std::shared_ptr<const ChatTemplate> m_template; ///< empty: the model has none
};

struct RowReport : TokenizeReport
{
    std::int64_t rows = 0; ///< that were looked at
    std::int64_t texts = 0; ///< of them without ids of their own
    std::int64_t refused = 0; ///< rows that the template does not take; they are left out
    std::string firstRefusal; ///< why, of the first one
};
/// Every row through a ChatPairTokenizer and a RowLimiter. A row is in memory while it is looked at, the ids are in
/// `store`.
RowReport tokenizeRows(const RowSource& source, const Tokenizer* tokenizer, std::int64_t maxLength,
    Truncation truncation, std::stop_token stop = {},
    std::shared_ptr<TokenStore> store = std::make_shared<TokenStore>());

} // namespace mpo
