// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/chat/chat_template.h"

#include "core/chat/jinja/interpreter.h"
#include "core/chat/jinja/parser.h"
#include "core/support/error.h"
#include "core/support/text.h"

#include <algorithm>

namespace mpo {

namespace {

using jinja::Origin;
using jinja::Text;
using jinja::Value;

constexpr std::size_t kMaxRefusalBytes = 500; ///< of a template's own message

/// A template may build a special token around a role ("<|" + role + "|>"), so the roles that everybody uses count as
/// the template's; any other role is data.
constexpr std::array<std::string_view, 9> kKnownRoles {
    "system", "user", "assistant", "tool", "developer", "function", "ipython", "model", "tool_response"};

/// Written behind a message that is to be continued, to find its end in what is rendered. As transformers does it, with
/// the space: a template that trims takes it away.
constexpr std::string_view kContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";

/// What transformers does to messages before a template sees them: keys without a value go, and the thoughts of the
/// model are there under the three names in use.
Json normalized(const Json& messages)
{
    constexpr std::array<const char*, 3> kReasoningNames {"reasoning_content", "thinking", "reasoning"};
    Json result = Json::array();
    for (const Json& message : messages) {
        Json kept = Json::object();
        for (const auto& [key, value] : message.items()) {
            if (!value.is_null())
                kept[key] = value;
        }
        for (const char* name : kReasoningNames) {
            if (const auto found = kept.find(name); found != kept.end()) {
                const Json reasoning = *found;
                if (!kept.contains("thinking")) {
                    Json withThinking = {{"thinking", reasoning}};
                    withThinking.update(kept);
                    kept = std::move(withThinking);
                }
                kept["reasoning_content"] = reasoning;
                break;
            }
        }
        result.push_back(std::move(kept));
    }
    return result;
}

/// Puts the tag behind the text of the last message. Returns that text.
std::string tagFinalMessage(Json& messages)
{
    const auto content = messages.empty() ? Json::iterator() : messages.back().find("content");
    if (messages.empty() || content == messages.back().end())
        fail("The last message has no content that the model could continue");
    Json* text = &*content;
    if (content->is_array()) {
        const auto part = std::find_if(content->rbegin(), content->rend(),
            [](const Json& candidate) { return candidate.is_object() && candidate.contains("text"); });
        if (part == content->rend())
            fail("The last message has no text that the model could continue");
        text = &(*part)["text"];
    }
    if (!text->is_string())
        fail("The last message has no text that the model could continue");
    const auto given = text->get<std::string>();
    *text = given + std::string(kContinueTag);
    return given;
}

/// Cuts what is rendered where the tag stands.
Text withoutTag(const Text& rendered, const std::string& message)
{
    const Text tag = jinja::textOf(kContinueTag);
    const jinja::TextView bare = jinja::stripped(tag);
    const std::size_t found = rendered.rfind(bare);
    const Text content = jinja::textOf(message);
    if (found == rendered.npos || rendered.find(jinja::stripped(content)) == rendered.npos)
        fail("The chat template does not show the last message as it is, so the model cannot continue it");
    const jinja::TextView before = jinja::TextView(rendered).substr(0, found);
    const bool spaced = jinja::TextView(rendered).substr(found).starts_with(tag);
    return Text(spaced ? before : jinja::stripped(before, jinja::Ends::Right));
}

Value messageValue(const Json& message)
{
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [key, value] : message.items()) {
        const bool knownRole = key == "role" && value.is_string()
            && std::find(kKnownRoles.begin(), kKnownRoles.end(), value.get_ref<const std::string&>())
                != kKnownRoles.end();
        entries.emplace_back(Value(jinja::textOf(key, Origin::Data)),
            jinja::valueOf(value, knownRole ? Origin::Template : Origin::Data));
    }
    return Value::dict(std::move(entries));
}

Value messagesValue(const Json& messages)
{
    std::vector<Value> items;
    for (const Json& message : messages)
        items.push_back(messageValue(message));
    return Value::list(std::move(items));
}

std::vector<std::pair<std::string, Value>> variables(
    const ChatTemplate::Request& request, const Json& messages, const Tokenizer& tokenizer)
{
    std::vector<std::pair<std::string, Value>> result;
    const auto addToken = [&](const char* name, const std::string& text) {
        if (!text.empty())
            result.emplace_back(name, Value(jinja::textOf(text)));
    };
    addToken("bos_token", tokenizer.bosText);
    addToken("eos_token", tokenizer.eosText);
    addToken("pad_token", tokenizer.padText);
    addToken("unk_token", tokenizer.unkText);
    result.emplace_back("messages", messagesValue(messages));
    result.emplace_back("tools", jinja::valueOf(request.tools));
    result.emplace_back("documents", jinja::valueOf(request.documents));
    result.emplace_back("add_generation_prompt", Value(request.addGenerationPrompt));
    for (const auto& [name, value] : request.variables.items())
        result.emplace_back(name, jinja::valueOf(value));
    return result;
}

std::vector<RenderedPart> partsOf(const Text& text)
{
    std::vector<RenderedPart> parts;
    for (std::size_t begin = 0; begin < text.size();) {
        const char32_t mark = text[begin] & jinja::kFromData;
        std::size_t end = begin;
        while (end < text.size() && (text[end] & jinja::kFromData) == mark)
            ++end;
        parts.push_back({jinja::utf8Of(jinja::TextView(text).substr(begin, end - begin)), mark == 0});
        begin = end;
    }
    return parts;
}

} // namespace

struct ChatTemplate::Private
{
    jinja::Block block;
};

ChatTemplate::ChatTemplate(const std::string& source)
{
    auto d = std::make_unique<Private>();
    try {
        d->block = jinja::parseTemplate(source);
    } catch (const jinja::SyntaxFailure& failure) {
        fail("The chat template, line {}: {}", failure.line, failure.sentence);
    }
    m_d = std::move(d);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

std::vector<RenderedPart> ChatTemplate::render(const Request& request, const Tokenizer& tokenizer) const
{
    const auto isObject = [](const Json& message) { return message.is_object(); };
    if (!request.messages.is_array() || request.messages.empty()
        || !std::all_of(request.messages.begin(), request.messages.end(), isObject))
        fail("A chat template needs a list of at least one message, each an object with \"role\" and \"content\"");
    if (request.continueFinalMessage && request.addGenerationPrompt)
        fail("A last message to continue and a generation prompt exclude each other; choose one");
    Json messages = normalized(request.messages);
    std::string continued;
    if (request.continueFinalMessage)
        continued = tagFinalMessage(messages);
    std::optional<jinja::Interpreter> interpreter;
    try {
        interpreter.emplace(variables(request, messages, tokenizer), request.now.value_or(std::time(nullptr)));
        Text text = interpreter->run(m_d->block);
        if (request.continueFinalMessage)
            text = withoutTag(text, continued);
        return partsOf(text);
    } catch (const jinja::Failure& failure) {
        const int line = interpreter ? interpreter->line() : 1;
        const std::string sentence = toPrintable(shortened(failure.sentence, kMaxRefusalBytes));
        if (failure.kind == jinja::Failure::Kind::Refused)
            throw RowRefusal(fmt::format("The chat template refuses the messages (line {}): {}", line, sentence));
        fail("The chat template, line {}: {}", line, sentence);
    }
}

std::vector<RenderedPart> ChatTemplate::render(
    std::span<const ChatMessage> messages, bool addGenerationPrompt, const Tokenizer& tokenizer) const
{
    Request request;
    request.messages = toJson(messages);
    request.addGenerationPrompt = addGenerationPrompt;
    return render(request, tokenizer);
}

TokenIds ChatTemplate::encode(
    std::span<const ChatMessage> messages, bool addGenerationPrompt, const Tokenizer& tokenizer) const
{
    return encodeRendered(render(messages, addGenerationPrompt, tokenizer), tokenizer);
}

Json ChatTemplate::toJson(std::span<const ChatMessage> messages)
{
    Json result = Json::array();
    for (const ChatMessage& message : messages)
        result.push_back({{"role", message.role}, {"content", message.content}});
    return result;
}

std::string textOf(std::span<const RenderedPart> parts)
{
    std::string text;
    for (const RenderedPart& part : parts)
        text += part.text;
    return text;
}

TokenIds encodeRendered(std::span<const RenderedPart> parts, const Tokenizer& tokenizer)
{
    std::vector<Tokenizer::TextPart> views;
    for (const RenderedPart& part : parts)
        views.push_back({part.text, part.trusted});
    return tokenizer.encodeParts(views);
}

} // namespace mpo
