// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/whole_texts.h"

#include "core/data/formats/fields.h"

#include <algorithm>

namespace mpo {

bool holdsWholeTexts(const Json& record)
{
    return record["chosen"].is_string() && record["rejected"].is_string() && !record.contains("prompt")
        && !record.contains("instruction") && !record.contains("conversations");
}

Parsed parseWholeTexts(
    const Json& record, std::size_t (*promptLength)(std::string_view common), const char* withoutPrompt)
{
    Fields in(record);
    const std::string chosen = in.text("chosen"), rejected = in.text("rejected");
    if (!in.problem().empty())
        return in.problem();
    const auto [differs, _] = std::mismatch(chosen.begin(), chosen.end(), rejected.begin(), rejected.end());
    const std::size_t end = promptLength(std::string_view(chosen.begin(), differs));
    if (end == std::string::npos)
        return std::string(chosen == rejected ? "chosen and rejected are the same" : withoutPrompt);
    PreferencePair pair;
    pair.prompt = chosen.substr(0, end);
    pair.chosen = chosen.substr(end);
    pair.rejected = rejected.substr(end);
    return withExtras(record, std::move(pair));
}

} // namespace mpo
