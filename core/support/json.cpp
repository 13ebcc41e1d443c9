// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/support/json.h"

#include "core/support/error.h"
#include "core/support/file.h"
#include "core/support/text.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <vector>

namespace mpo {

namespace {

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxFileBytes = std::size_t(512) << 20;
constexpr std::size_t kFewKeys = 16; ///< up to here comparing with each key is faster than hashing

/// Walks over the text and leaves its place where the handler sees it: the library tells no position except for syntax
/// errors.
class PlaceKeepingIterator
{
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    PlaceKeepingIterator(const char* at, const char** place)
        : m_at(at)
        , m_place(place)
    {
    }
    reference operator*() const { return *m_at; }
    PlaceKeepingIterator& operator++()
    {
        *m_place = ++m_at;
        return *this;
    }
    PlaceKeepingIterator operator++(int)
    {
        auto before = *this;
        ++*this;
        return before;
    }
    bool operator==(const PlaceKeepingIterator& other) const { return m_at == other.m_at; }

private:
    const char* m_at;
    const char** m_place;
};

/// Builds the value. The library's own builder looks a new key up among all earlier ones of its object, which takes
/// minutes for a vocabulary of 128,000 entries; this one appends.
class Builder : public nlohmann::json_sax<Json>
{
public:
    Builder(std::string_view text, const char* const& place)
        : m_text(text)
        , m_place(place)
    {
    }

    bool null() override { return add(Json(nullptr)) != nullptr; }
    bool boolean(bool value) override { return add(Json(value)) != nullptr; }
    bool number_integer(number_integer_t value) override { return add(Json(value)) != nullptr; }
    bool number_unsigned(number_unsigned_t value) override { return add(Json(value)) != nullptr; }
    bool number_float(number_float_t value, const string_t&) override { return add(Json(value)) != nullptr; }
    bool string(string_t& value) override { return add(Json(std::move(value))) != nullptr; }
    bool binary(binary_t&) override { return refuse("binary values are not JSON"); }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_array() override { return close(); }

    bool key(string_t& key) override
    {
        Level& level = m_levels.back();
        auto& object = level.value->get_ref<Json::object_t&>();
        bool twice = false;
        if (object.size() < kFewKeys) {
            twice = std::any_of(object.begin(), object.end(), [&](const auto& item) { return item.first == key; });
        } else {
            if (level.keys.empty())
                for (const auto& item : object)
                    level.keys.insert(item.first);
            twice = !level.keys.insert(key).second;
        }
        if (twice)
            return refuse(fmt::format("the key \"{}\" stands twice in one object", shortened(key, 60)));
        object.emplace_back(std::move(key), Json());
        return true;
    }

    bool parse_error(
        std::size_t position, const std::string& lastToken, const nlohmann::detail::exception& error) override
    {
        m_stop = std::min(position, m_text.size());
        std::string_view what = error.what();
        if (what.find("ill-formed UTF-8") != what.npos)
            m_reason = "a string is not valid UTF-8";
        else if (what.find("overflow") != what.npos)
            m_reason = fmt::format("the number {} is too large", shortened(lastToken, 40));
        else if (lastToken.empty() || m_stop == m_text.size())
            m_reason = "not JSON: the text ends too early";
        else
            m_reason = fmt::format("not JSON near {}", shortened(toPrintable(lastToken), 40));
        return false;
    }

    Json take() { return std::move(m_root); }
    JsonProblem problem() const
    {
        const auto before = m_text.substr(0, m_stop > 0 ? m_stop - 1 : 0);
        const auto lineStart = before.rfind('\n');
        JsonProblem problem;
        problem.line = 1 + std::size_t(std::count(before.begin(), before.end(), '\n'));
        problem.column = 1 + before.size() - (lineStart == before.npos ? 0 : lineStart + 1);
        problem.reason = m_reason;
        return problem;
    }

private:
    struct Level
    {
        Json* value;
        std::unordered_set<std::string> keys; ///< filled only for objects of many keys
    };

    Json* add(Json&& value)
    {
        if (m_levels.empty()) {
            m_root = std::move(value);
            return &m_root;
        }
        Json& parent = *m_levels.back().value;
        if (parent.is_array()) {
            auto& items = parent.get_ref<Json::array_t&>();
            items.push_back(std::move(value));
            return &items.back();
        }
        auto& last = parent.get_ref<Json::object_t&>().back().second;
        last = std::move(value);
        return &last;
    }

    bool open(Json&& value)
    {
        if (m_levels.size() >= kMaxDepth)
            return refuse(fmt::format("nested deeper than {} levels", kMaxDepth));
        m_levels.push_back({add(std::move(value)), {}});
        return true;
    }

    bool close()
    {
        m_levels.pop_back();
        return true;
    }

    bool refuse(std::string reason)
    {
        m_reason = std::move(reason);
        m_stop = std::size_t(m_place - m_text.data());
        return false;
    }

    std::string_view m_text;
    const char* const& m_place;
    Json m_root;
    std::vector<Level> m_levels;
    std::string m_reason;
    std::size_t m_stop = 0; ///< bytes read when the trouble showed
};

} // namespace

std::optional<Json> tryParseJson(std::string_view text, JsonProblem& problem)
{
    const char* place = text.data();
    Builder builder(text, place);
    // The library takes a NUL for the end of the text and would not see what comes after it.
    if (const auto nul = text.find('\0'); nul != text.npos) {
        const auto before = text.substr(0, nul);
        const auto lineStart = before.rfind('\n');
        problem = {1 + std::size_t(std::count(before.begin(), before.end(), '\n')),
            1 + nul - (lineStart == before.npos ? 0 : lineStart + 1), "a NUL byte is not JSON"};
        return std::nullopt;
    }
    PlaceKeepingIterator begin(text.data(), &place), end(text.data() + text.size(), &place);
    if (!Json::sax_parse(begin, end, &builder)) {
        problem = builder.problem();
        return std::nullopt;
    }
    return builder.take();
}

Json parseJson(std::string_view text, std::string_view source)
{
    JsonProblem problem;
    auto value = tryParseJson(text, problem);
    if (!value)
        fail("{}:{}:{}: {}", source, problem.line, problem.column, problem.reason);
    return std::move(*value);
}

Json readJsonFile(const std::filesystem::path& file)
{
    return parseJson(readTextFile(file, kMaxFileBytes), file.string());
}

void writeJsonFile(const std::filesystem::path& file, const Json& value)
{
    writeFileAtomically(file, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string toLine(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

} // namespace mpo
