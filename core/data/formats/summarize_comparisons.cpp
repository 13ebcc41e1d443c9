// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/formats/summarize_comparisons.h"

#include "core/data/formats/fields.h"

namespace mpo {

namespace {

/// A summary follows "TL;DR:" after one space.
std::string spaced(const std::string& text) { return text.starts_with(' ') ? text : " " + text; }

Parsed parse(const Json& r)
{
    Fields in(r);
    Fields info(in.value("info"));
    const Json& summaries = in.value("summaries");
    const double choice = in.number("choice");
    if (!in.problem().empty())
        return in.problem();
    PreferencePair pair;
    const std::string post = info.textOrNothing("post");
    if (!post.empty())
        pair.prompt = "SUBREDDIT: r/" + info.textOrNothing("subreddit") + "\n\nTITLE: " + info.textOrNothing("title")
            + "\n\nPOST: " + post + "\n\nTL;DR:";
    else
        pair.prompt = info.text("article") + "\n\nTL;DR:";
    if (!info.problem().empty())
        return std::string("\"info\" holds neither a post nor an article");
    if (!summaries.is_array() || summaries.size() != 2 || !summaries[0].is_object() || !summaries[1].is_object())
        return std::string("field \"summaries\" does not hold two summaries");
    if (choice != 0.0 && choice != 1.0)
        return std::string("field \"choice\" is neither 0 nor 1");
    Fields first(summaries[0]), second(summaries[1]);
    std::string texts[] {first.text("text"), second.text("text")};
    if (!first.problem().empty() || !second.problem().empty())
        return std::string("a summary has no text");
    if (const auto extra = r.find("extra"); extra != r.end() && extra->is_object() && extra->contains("confidence"))
        pair.confidence = numberOf((*extra)["confidence"]);
    return compared(
        std::move(pair), spaced(texts[0]), spaced(texts[1]), choice == 0.0 ? Better::First : Better::Second);
}

} // namespace

DatasetFormat summarizeComparisonsFormat()
{
    return {"summarize-comparisons", "{\"info\", \"summaries\", \"choice\"}, OpenAI's summaries", DatasetKind::Pairs,
        {"info", "summaries", "choice"},
        {{"prompt", "info.subreddit, info.title, info.post, or info.article"}, {"chosen", "summaries[choice].text"},
            {"rejected", "the other summary"}, {"confidence", "extra.confidence"}},
        nullptr, parse};
}

} // namespace mpo
