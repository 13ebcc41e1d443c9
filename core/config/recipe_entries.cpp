// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe_entries.h"

#include "core/support/error.h"
#include "core/support/text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

namespace mpo {

namespace {

bool contains(const std::vector<std::string>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

template<class Number>
Number parsed(const std::string& key, const std::string& text, std::string_view kind)
{
    Number value {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(double(value)))
        fail("{}: \"{}\" is not {}", key, shortened(toPrintable(text), 60), kind);
    return value;
}

std::string lineOf(std::string_view source, const YAML::Mark& mark)
{
    return mark.line >= 0 ? fmt::format("{}:{}", source, mark.line + 1) : std::string(source);
}

class Collector
{
public:
    Collector(std::string_view source, const RecipeKeys& keys)
        : m_source(source)
        , m_keys(keys)
    {
    }

    RecipeText text;

    void collect(const YAML::Node& map, const std::string& prefix)
    {
        std::map<std::string, int> seen;
        for (const auto& item : map) {
            const auto where = lineOf(m_source, item.first.Mark());
            if (!item.first.IsScalar())
                fail("{}: a key has to be a plain word", where);
            const std::string& name = item.first.Scalar();
            const auto key = prefix + name;
            if (const auto [before, fresh] = seen.emplace(name, item.first.Mark().line + 1); !fresh)
                fail("{}: \"{}\" stands twice, first in line {}", where, shortened(toPrintable(key), 80),
                    before->second);
            const YAML::Node& value = item.second;
            if (prefix.empty() && m_keys.isSection(name)) {
                text.sections.push_back(name);
                if (value.IsMap())
                    collect(value, key + ".");
                else if (!value.IsNull())
                    fail("{}: {} takes keys of its own, one a line and indented", where, key);
            } else if (value.IsScalar()) {
                text.entries.push_back({key, value.Scalar(), {value.Scalar()}, where});
            } else {
                takeOther(value, key, where);
            }
        }
    }

private:
    void takeOther(const YAML::Node& value, const std::string& key, const std::string& where)
    {
        if (!m_keys.knows(key)) { // the better message than the wrong type of its value
            try {
                failUnknownKey(key, m_keys);
            } catch (const Error& error) {
                fail("{}: {}", where, error.what());
            }
        }
        if (value.IsNull())
            fail("{}: {} has no value; give one or take the line out", where, key);
        if (!m_keys.isList(key) || !value.IsSequence())
            fail("{}: {} takes {}, not a {}", where, key,
                m_keys.isList(key) ? "a value or a list of values" : "a single value",
                value.IsSequence() ? "list" : "section");
        RecipeEntry entry {key, {}, {}, where, true};
        for (const YAML::Node& item : value) {
            if (!item.IsScalar())
                fail("{}: {} is a list of single values; one of them is not", where, key);
            entry.items.push_back(item.Scalar());
        }
        if (entry.items.empty())
            fail("{}: {} is an empty list; give a value or take the line out", where, key);
        text.entries.push_back(std::move(entry));
    }

    std::string_view m_source;
    const RecipeKeys& m_keys;
};

RecipeEntry overrideEntry(const std::string& text, const RecipeKeys& keys)
{
    const auto equals = text.find('=');
    if (equals == text.npos || equals == 0)
        fail("--set {}: give KEY=VALUE, for example dpo.beta=0.2", shortened(toPrintable(text), 80));
    RecipeEntry entry {std::string(trimmed(text.substr(0, equals))), std::string(trimmed(text.substr(equals + 1))), {},
        fmt::format("--set {}", shortened(toPrintable(text), 80))};
    if (!keys.isList(entry.key)) {
        entry.items = {entry.text};
        return entry;
    }
    std::string_view rest = entry.text;
    while (true) {
        const auto comma = std::min(rest.find(','), rest.size());
        entry.items.emplace_back(trimmed(rest.substr(0, comma)));
        if (comma == rest.size())
            return entry;
        rest.remove_prefix(comma + 1);
    }
}

} // namespace

bool RecipeKeys::isSection(std::string_view key) const { return contains(sections, key); }
bool RecipeKeys::knows(std::string_view key) const { return contains(values, key) || contains(sections, key); }
bool RecipeKeys::isList(std::string_view key) const { return contains(lists, key); }

RecipeText readRecipeText(
    std::string_view text, std::string_view source, const std::vector<std::string>& overrides, const RecipeKeys& keys)
{
    Collector collector(source, keys);
    try {
        const YAML::Node root = YAML::Load(std::string(text));
        if (!root.IsMap() && !root.IsNull())
            fail("{}: a recipe holds lines of KEY: VALUE", source);
        if (root.IsMap())
            collector.collect(root, "");
    } catch (const YAML::Exception& error) {
        fail("{}: not YAML: {}", lineOf(source, error.mark), error.msg);
    }
    for (const auto& override : overrides)
        collector.text.entries.push_back(overrideEntry(override, keys));
    return std::move(collector.text);
}

void failUnknownKey(const std::string& key, const RecipeKeys& keys)
{
    std::vector<std::string_view> names(keys.values.begin(), keys.values.end());
    names.insert(names.end(), keys.sections.begin(), keys.sections.end());
    fail("\"{}\" is not a key of a recipe.{}", shortened(toPrintable(key), 80), didYouMean(key, names));
}

double recipeNumber(const std::string& key, const std::string& text, double low, double high, std::string_view range)
{
    const auto value = parsed<double>(key, text, "a number");
    if (value < low || value > high)
        fail("{}: {} is out of range; give a number {}", key, text, range);
    return value;
}

std::int64_t recipeCount(const std::string& key, const std::string& text, std::int64_t low)
{
    const auto value = parsed<std::int64_t>(key, text, "a whole number");
    if (value < low || value > 1'000'000'000)
        fail("{}: {} is out of range; give a whole number of at least {}", key, text, low);
    return value;
}

} // namespace mpo
