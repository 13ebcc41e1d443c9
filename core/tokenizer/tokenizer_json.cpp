// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_json.h"

#include "core/support/error.h"
#include "core/support/utf8.h"

#include <map>

namespace mpo {

namespace {

const Json& partOf(const Json& json, const char* key)
{
    static const Json none;
    return json.is_object() && json.contains(key) ? json[key] : none;
}

bool flag(const Json& json, const char* key, bool absent)
{
    const Json& value = partOf(json, key);
    if (value.is_null())
        return absent;
    if (!value.is_boolean())
        fail("\"{}\" is neither true nor false", key);
    return value.get<bool>();
}

std::string text(const Json& json, const char* key)
{
    const Json& value = partOf(json, key);
    if (!value.is_string())
        fail("the text \"{}\" is missing", key);
    return value.get<std::string>();
}

std::vector<AddedToken> readAdded(const Json& part)
{
    std::vector<AddedToken> added;
    if (part.is_null())
        return added;
    if (!part.is_array())
        fail("\"added_tokens\" is not a list");
    if (part.size() > kMaxTokens)
        fail("more than {} added tokens", kMaxTokens);
    for (const Json& token : part) {
        if (!partOf(token, "id").is_number_integer())
            fail("an added token has no \"id\"");
        added.push_back({text(token, "content"), 0, flag(token, "special", false), flag(token, "lstrip", false),
            flag(token, "rstrip", false), flag(token, "normalized", true), flag(token, "single_word", false)});
    }
    return added;
}

BytePairParts readModel(const Json& part)
{
    if (!part.is_object())
        fail("there is no \"model\"");
    const Json& type = partOf(part, "type");
    if (!type.is_null() && type != "BPE")
        fail("the model type {} is not supported, only BPE; use a tokenizer with a byte-pair model",
            inSentence(type.is_string() ? type.get<std::string>() : toLine(type)));
    BytePairParts parts;
    const Json &vocabulary = partOf(part, "vocab"), &merges = partOf(part, "merges");
    if (!vocabulary.is_object() || !merges.is_array())
        fail("the model has no \"vocab\" or no \"merges\"");
    if (vocabulary.size() > kMaxTokens || merges.size() > kMaxTokens)
        fail("more than {} tokens or merges", kMaxTokens);
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"})
        if (const Json& affix = partOf(part, key); affix.is_string() && !affix.get<std::string>().empty())
            fail("models with a {} are not supported", key);
    if (const Json& dropout = partOf(part, "dropout"); dropout.is_number() && dropout.get<double>() != 0)
        fail("the model drops merges at random (\"dropout\"); set it to null");
    parts.vocabulary.reserve(vocabulary.size());
    for (const auto& [token, id] : vocabulary.items()) {
        if (!id.is_number_integer() || id.get<double>() < 0 || id.get<double>() > kMaxTokenId)
            fail("the token \"{}\" has no possible id", inSentence(token));
        parts.vocabulary.emplace(token, id.get<TokenId>());
    }
    parts.merges.reserve(merges.size());
    for (const Json& merge : merges) {
        if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            parts.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
            continue;
        }
        const auto pair = merge.is_string() ? merge.get<std::string>() : std::string();
        const std::size_t space = pair.find(' ');
        if (pair.starts_with("#version"))
            continue;
        if (space == std::string::npos || pair.find(' ', space + 1) != std::string::npos)
            fail("the merge {} is not two tokens", inSentence(toLine(merge)));
        parts.merges.emplace_back(pair.substr(0, space), pair.substr(space + 1));
    }
    if (const Json& unknown = partOf(part, "unk_token"); unknown.is_string())
        parts.unknown = unknown.get<std::string>();
    parts.fuseUnknown = flag(part, "fuse_unk", false);
    parts.byteFallback = flag(part, "byte_fallback", false);
    parts.ignoreMerges = flag(part, "ignore_merges", false);
    return parts;
}

/// TemplateProcessing and the like: what goes before and behind the text.
void readPostProcessor(const Json& part, TokenizerParts& parts)
{
    if (part.is_null())
        return;
    const std::string type = text(part, "type");
    TokenIds before, after;
    if (type == "ByteLevel") {
    } else if (type == "Sequence") {
        for (const Json& inner : part.at("processors"))
            readPostProcessor(inner, parts);
    } else if (type == "RobertaProcessing" || type == "BertProcessing") {
        before.push_back(part.at("cls").at(1).get<TokenId>());
        after.push_back(part.at("sep").at(1).get<TokenId>());
    } else if (type == "TemplateProcessing") {
        bool behind = false;
        for (const Json& piece : part.at("single")) {
            if (piece.contains("Sequence")) {
                if (behind || piece["Sequence"].at("id") != "A")
                    fail("a template with anything but one $A is not supported");
                behind = true;
                continue;
            }
            const Json& token = part.at("special_tokens").at(piece.at("SpecialToken").at("id").get<std::string>());
            for (const Json& id : token.at("ids"))
                (behind ? after : before).push_back(id.get<TokenId>());
        }
        if (!behind)
            fail("the template has no place for the text");
    } else {
        fail("the post-processor {} is not supported; there are ByteLevel, TemplateProcessing, RobertaProcessing, "
             "BertProcessing and Sequence",
            inSentence(type));
    }
    parts.before.insert(parts.before.begin(), before.begin(), before.end());
    parts.after.insert(parts.after.end(), after.begin(), after.end());
}

Pattern readPattern(const Json& part)
{
    if (const Json& literal = partOf(part, "String"); literal.is_string())
        return Pattern::literal(literal.get<std::string>());
    return Pattern::regex(text(part, "Regex"));
}

SplitStep::Behaviour behaviourOf(const std::string& name)
{
    using Behaviour = SplitStep::Behaviour;
    for (const auto& [known, value] : {std::pair {"Isolated", Behaviour::Isolated}, {"Removed", Behaviour::Removed},
             {"MergedWithPrevious", Behaviour::MergedWithPrevious}, {"MergedWithNext", Behaviour::MergedWithNext},
             {"Contiguous", Behaviour::Contiguous}})
        if (name == known)
            return value;
    fail("the split behaviour {} is not known", inSentence(name));
}

/// One character, as Metaspace and Strip have it.
std::string character(const Json& part, const char* key)
{
    std::string value = text(part, key);
    if (value.empty() || value.size() != lengthFromLead(value[0]))
        fail("\"{}\" is not one character", key);
    return value;
}

/// "always", "first", "never"; older files have add_prefix_space only.
std::string schemeOf(const Json& part)
{
    const Json& scheme = partOf(part, "prepend_scheme");
    if (!flag(part, "add_prefix_space", true))
        return "never";
    return scheme.is_null() ? "always" : text(part, "prepend_scheme");
}

void addNormalizer(const Json& part, std::vector<NormalizerStep>& steps)
{
    if (part.is_null())
        return;
    const std::string type = text(part, "type");
    for (const auto& [name, form] : {std::pair {"NFC", NormalForm::Nfc}, {"NFD", NormalForm::Nfd},
             {"NFKC", NormalForm::Nfkc}, {"NFKD", NormalForm::Nfkd}})
        if (type == name) {
            steps.emplace_back(form);
            return;
        }
    if (type == "Sequence") {
        for (const Json& inner : part.at("normalizers"))
            addNormalizer(inner, steps);
    } else if (type == "Lowercase") {
        steps.emplace_back(Lowercase());
    } else if (type == "StripAccents") {
        steps.emplace_back(StripAccents());
    } else if (type == "Strip") {
        steps.emplace_back(StripSpace {flag(part, "strip_left", true), flag(part, "strip_right", true)});
    } else if (type == "Prepend") {
        steps.emplace_back(Prepend {text(part, "prepend")});
    } else if (type == "Replace") {
        steps.emplace_back(Replace {readPattern(part.at("pattern")), text(part, "content")});
    } else {
        fail("the normalizer {} is not supported; there are NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, "
             "Prepend, Replace and Sequence",
            inSentence(type));
    }
}

void addPreTokenizer(const Json& part, std::vector<PreTokenizerStep>& steps)
{
    using Behaviour = SplitStep::Behaviour;
    if (part.is_null())
        return;
    const std::string type = text(part, "type");
    const auto split = [&](std::string_view expression, Behaviour behaviour, bool invert = false) {
        steps.emplace_back(SplitStep {Pattern::regex(expression), behaviour, invert});
    };
    const auto behaviour = [&] { return behaviourOf(text(part, "behavior")); };
    if (type == "Sequence") {
        for (const Json& inner : part.at("pretokenizers"))
            addPreTokenizer(inner, steps);
    } else if (type == "ByteLevel") {
        ByteLevelStep step {flag(part, "add_prefix_space", true), std::nullopt};
        if (flag(part, "use_regex", true))
            step.words = SplitStep {Pattern::regex(kGpt2Words), Behaviour::Isolated, false};
        steps.emplace_back(std::move(step));
    } else if (type == "Metaspace") {
        using InFront = MetaspaceStep::InFront;
        const std::string scheme = schemeOf(part), replacement = character(part, "replacement");
        if (scheme != "always" && scheme != "first" && scheme != "never")
            fail("the prepend_scheme {} is not known", inSentence(scheme));
        steps.emplace_back(MetaspaceStep {replacement,
            scheme == "always"      ? InFront::Always
                : scheme == "first" ? InFront::First
                                    : InFront::Never,
            SplitStep {Pattern::literal(replacement), Behaviour::MergedWithNext, false}, flag(part, "split", true)});
    } else if (type == "Split") {
        steps.emplace_back(SplitStep {readPattern(part.at("pattern")), behaviour(), flag(part, "invert", false)});
    } else if (type == "Digits") {
        split(kNumber, flag(part, "individual_digits", false) ? Behaviour::Isolated : Behaviour::Contiguous);
    } else if (type == "Whitespace") {
        split(kRustWords, Behaviour::Removed, true);
    } else if (type == "WhitespaceSplit") {
        split(R"(\s)", Behaviour::Removed);
    } else if (type == "Punctuation") {
        split(kPunctuation, part.contains("behavior") ? behaviour() : Behaviour::Isolated);
    } else if (type == "BertPreTokenizer") {
        split(R"(\s)", Behaviour::Removed);
        split(kPunctuation, Behaviour::Isolated);
    } else {
        fail("the pre-tokenizer {} is not supported; there are ByteLevel, Metaspace, Split, Digits, Whitespace, "
             "WhitespaceSplit, Punctuation, BertPreTokenizer and Sequence",
            inSentence(type));
    }
}

void addDecoder(const Json& part, std::vector<DecoderStep>& steps)
{
    const std::string type = text(part, "type");
    if (type == "Sequence") {
        for (const Json& inner : part.at("decoders"))
            addDecoder(inner, steps);
    } else if (type == "ByteLevel") {
        steps.emplace_back(ByteLevelDecoder());
    } else if (type == "ByteFallback") {
        steps.emplace_back(ByteFallbackDecoder());
    } else if (type == "Fuse") {
        steps.emplace_back(FuseDecoder());
    } else if (type == "Strip") {
        steps.emplace_back(StripDecoder {
            character(part, "content"), part.at("start").get<std::size_t>(), part.at("stop").get<std::size_t>()});
    } else if (type == "Metaspace") {
        steps.emplace_back(MetaspaceDecoder {character(part, "replacement"), schemeOf(part) != "never"});
    } else if (type == "Replace") {
        steps.emplace_back(Replace {readPattern(part.at("pattern")), text(part, "content")});
    } else {
        fail("the decoder {} is not supported; there are ByteLevel, ByteFallback, Fuse, Strip, Metaspace, Replace and "
             "Sequence",
            inSentence(type));
    }
}

/// Turns the library's complaints about fields into ours.
template<class Read>
auto guarded(Read read)
{
    try {
        return read();
    } catch (const Json::exception& error) {
        fail("a field is missing or of the wrong type ({})", error.what());
    }
}

} // namespace

std::vector<NormalizerStep> readNormalizer(const Json& part)
{
    return guarded([&] {
        std::vector<NormalizerStep> steps;
        addNormalizer(part, steps);
        return steps;
    });
}

std::vector<PreTokenizerStep> readPreTokenizer(const Json& part)
{
    return guarded([&] {
        std::vector<PreTokenizerStep> steps;
        addPreTokenizer(part, steps);
        return steps;
    });
}

std::optional<std::vector<DecoderStep>> readDecoder(const Json& part)
{
    return guarded([&] {
        std::optional<std::vector<DecoderStep>> steps;
        if (!part.is_null())
            addDecoder(part, steps.emplace());
        return steps;
    });
}

void giveIds(std::vector<AddedToken>& added, const Vocabulary& vocabulary)
{
    std::map<TokenId, AddedToken> byId;
    std::unordered_map<std::string, TokenId> known;
    auto next = TokenId(vocabulary.size());
    for (AddedToken& token : added) {
        if (token.text.empty())
            continue;
        if (const auto found = vocabulary.find(token.text); found != vocabulary.end())
            token.id = found->second;
        else if (const auto [place, isNew] = known.emplace(token.text, next); isNew)
            token.id = next++;
        else
            token.id = place->second;
        byId[token.id] = token;
    }
    added.clear();
    for (auto& [id, token] : byId)
        added.push_back(std::move(token));
}

TokenizerParts readTokenizerJson(const Json& json)
{
    return guarded([&] {
        if (!json.is_object())
            fail("this is not an object");
        TokenizerParts parts;
        parts.model = readModel(partOf(json, "model"));
        parts.added = readAdded(partOf(json, "added_tokens"));
        giveIds(parts.added, parts.model.vocabulary);
        parts.normalizer = readNormalizer(partOf(json, "normalizer"));
        parts.preTokenizer = readPreTokenizer(partOf(json, "pre_tokenizer"));
        parts.decoder = readDecoder(partOf(json, "decoder"));
        readPostProcessor(partOf(json, "post_processor"), parts);
        return parts;
    });
}

} // namespace mpo
