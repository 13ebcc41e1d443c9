// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/synthetic_preferences.h"

#include "core/data/formats/dialogue.h"
#include "core/data/reward_gap.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace mpo {

namespace {

struct Task
{
    std::string_view verb, advice;
};
constexpr std::array kTasks {Task {"clean", "use warm water and soap"}, Task {"store", "keep it in a dry box"},
    Task {"paint", "start with a thin coat"}, Task {"repair", "replace the broken part first"},
    Task {"choose", "compare two or three of them"}, Task {"sell", "take a good photo and name a price"},
    Task {"move", "ask a friend to lift with you"}, Task {"build", "draw a plan on paper"}};
constexpr std::array<std::string_view, 30> kSubjects {"chair", "bicycle", "table", "lamp", "boat", "kettle", "guitar",
    "tent", "clock", "door", "fence", "carpet", "camera", "piano", "mirror", "basket", "ladder", "window", "kitchen",
    "garden",
    // held out for the comparison:
    "statue", "wagon", "blanket", "bottle", "drawer", "bench", "pillow", "hammer", "bucket", "candle"};
constexpr std::size_t kTrained = 20;
constexpr std::array<std::string_view, 4> kPolite {
    "Thank you for asking.", "Of course, I am glad to help.", "That is a good question.", "Happy to help."};
constexpr std::array<std::string_view, 3> kRude {"That is a silly question.", "I do not care.", "Find it out alone."};
constexpr std::array<std::string_view, 4> kIdle {
    "There are many ways to see it.", "Some people like it and some do not.", "It was a rainy day.", "Time will tell."};
constexpr std::array<std::string_view, 2> kClosing {"Good luck with it.", "Let me know how it goes."};

std::vector<std::string> wordsOf(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            word += char(c | 0x20);
        } else if (!word.empty()) {
            words.push_back(std::move(word));
            word.clear();
        }
    }
    if (!word.empty())
        words.push_back(std::move(word));
    return words;
}

const std::set<std::string>& knownWords()
{
    static const std::set<std::string> words = [] {
        std::set<std::string> all;
        const auto add = [&](std::string_view text) {
            for (std::string& word : wordsOf(text))
                all.insert(std::move(word));
        };
        for (const Task& task : kTasks) {
            add(task.verb);
            add(task.advice);
        }
        for (const auto text : kSubjects)
            add(text);
        for (const auto* list : {kPolite.data(), kPolite.data() + 1, kPolite.data() + 2, kPolite.data() + 3,
                 kRude.data(), kRude.data() + 1, kRude.data() + 2, kIdle.data(), kIdle.data() + 1, kIdle.data() + 2,
                 kIdle.data() + 3, kClosing.data(), kClosing.data() + 1})
            add(*list);
        add("To the a, you should. Never.");
        return all;
    }();
    return words;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template<class List>
bool hasAny(std::string_view text, const List& parts)
{
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return has(text, part); });
}

} // namespace

SyntheticPreferences::SyntheticPreferences(std::uint64_t seed)
    : m_random(seed, "synthetic preferences")
{
}

std::string SyntheticPreferences::prompt(bool heldOut)
{
    const std::size_t first = heldOut ? kTrained : 0, count = heldOut ? kSubjects.size() - kTrained : kTrained;
    const std::string subject(kSubjects[first + std::size_t(m_random.below(std::int64_t(count)))]);
    return humanTurn(
        "How do I " + std::string(kTasks[std::size_t(m_random.below(kTasks.size()))].verb) + " a " + subject + "?");
}

std::string SyntheticPreferences::answer(const std::string& prompt)
{
    const auto pick
        = [&](const auto& list) { return std::string(list[std::size_t(m_random.below(std::int64_t(list.size())))]); };
    const Task* task = &kTasks[std::size_t(m_random.below(kTasks.size()))];
    std::string subject(kSubjects[std::size_t(m_random.below(kSubjects.size()))]);
    if (m_random.chance(0.6))
        for (const Task& known : kTasks)
            if (has(prompt, " " + std::string(known.verb) + " a "))
                task = &known;
    if (m_random.chance(0.6)) {
        const std::size_t begin = prompt.find(" a ") + 3;
        subject = prompt.substr(begin, prompt.find('?') - begin);
    }
    std::string text;
    if (m_random.chance(0.35))
        text += " " + pick(kPolite);
    else if (m_random.chance(0.25))
        text += " " + pick(kRude);
    if (m_random.chance(0.3))
        text += " " + pick(kIdle);
    const std::string advice
        = " To " + std::string(task->verb) + " the " + subject + ", " + std::string(task->advice) + ".";
    if (m_random.chance(0.85))
        text += advice;
    if (m_random.chance(0.15))
        text += advice;
    if (m_random.chance(0.3))
        text += " " + pick(kIdle);
    if (m_random.chance(0.3))
        text += " " + pick(kClosing);
    return text.empty() ? " " + pick(kIdle) : text;
}

double SyntheticPreferences::trueReward(std::string_view prompt, std::string_view response)
{
    double reward = 0.0;
    const std::vector<std::string> asked = wordsOf(prompt), words = wordsOf(response);
    if (asked.size() >= 2 && std::find(words.begin(), words.end(), asked[asked.size() - 2]) != words.end())
        reward += 1.5; // the subject: the last word before "Assistant"
    for (const Task& task : kTasks)
        if (has(prompt, " " + std::string(task.verb) + " a "))
            reward += has(response, task.advice) ? 1.5 : 0.0;
        else
            reward -= has(response, task.advice) ? 0.75 : 0.0;
    reward += hasAny(response, kPolite) ? 0.75 : 0.0;
    reward += hasAny(response, kClosing) ? 0.5 : 0.0;
    reward -= hasAny(response, kRude) ? 1.5 : 0.0;
    reward -= hasAny(response, kIdle) ? 0.5 : 0.0;
    // Repetition: a sentence that stands there already.
    std::set<std::string> sentences;
    std::size_t begin = 0, repeated = 0;
    for (std::size_t end = response.find('.'); end != std::string_view::npos;
         begin = end + 1, end = response.find('.', begin))
        repeated += sentences.insert(std::string(response.substr(begin, end - begin))).second ? 0 : 1;
    reward -= 0.75 * double(std::min<std::size_t>(repeated, 3));
    reward -= 0.08 * std::clamp(double(words.size()) - 24.0, 0.0, 25.0);
    // Broken words, and an answer that breaks off.
    const auto unknown = std::count_if(
        words.begin(), words.end(), [](const std::string& word) { return !knownWords().contains(word); });
    reward -= words.empty() ? 2.0 : 4.0 * double(unknown) / double(words.size());
    const std::size_t last = response.find_last_not_of(" \n");
    if (last == std::string_view::npos || response[last] != '.')
        reward -= 1.0;
    return reward;
}

Dataset SyntheticPreferences::completions(std::int64_t count)
{
    Dataset data {"demo-sft", DatasetKind::Completions, {}};
    for (std::int64_t i = 0; i < count; ++i) {
        PreferencePair row;
        row.prompt = prompt(false);
        row.chosen = answer(row.prompt);
        data.pairs.push_back(std::move(row));
    }
    return data;
}

Dataset SyntheticPreferences::pairs(std::int64_t count)
{
    Dataset data {"demo-pairs", DatasetKind::Pairs, {}};
    while (std::int64_t(data.pairs.size()) < count) {
        PreferencePair row;
        row.prompt = prompt(false);
        row.chosen = answer(row.prompt);
        row.rejected = answer(row.prompt);
        if (row.chosen == row.rejected)
            continue;
        if (!m_random.chance(
                confidenceOfGap(trueReward(row.prompt, row.chosen) - trueReward(row.prompt, row.rejected))))
            std::swap(row.chosen, row.rejected);
        data.pairs.push_back(std::move(row));
    }
    return data;
}

Dataset SyntheticPreferences::prompts(std::int64_t count)
{
    Dataset data {"demo-prompts", DatasetKind::Prompts, {}};
    for (std::int64_t i = 0; i < count; ++i)
        data.pairs.emplace_back().prompt = prompt(true);
    return data;
}

} // namespace mpo
