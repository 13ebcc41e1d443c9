// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/whole_messages.h"

#include "core/data/formats/fields.h"
#include "core/data/formats/preference_pairs.h"

namespace mpo {

namespace {

Parsed parse(const Json& r)
{
    Json plain {{"chosen", r.value("chosen_messages", Json())}, {"rejected", r.value("rejected_messages", Json())}};
    static const DatasetFormat messages = messagesFormat();
    return messages.parse(plain);
}

} // namespace

DatasetFormat wholeMessagesFormat()
{
    return {"whole-messages", "{\"chosen_messages\", \"rejected_messages\"} as whole dialogues", DatasetKind::Pairs,
        {"chosen_messages", "rejected_messages"},
        {{"prompt", "the messages that both share"}, {"chosen", "last of chosen_messages"},
            {"rejected", "last of rejected_messages"}},
        nullptr, parse};
}

} // namespace mpo
