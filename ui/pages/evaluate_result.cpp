// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_result.h"

#include "ui/format.h"

#include <QObject>
#include <QRegularExpression>
#include <QStringList>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace mpo {

bool isIdentical(const EvaluationItemRow& item) { return item.left == item.right; }

EvaluationResult countVerdicts(const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key)
{
    EvaluationResult result;
    std::vector<double> seconds;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const EvaluationItemRow& item = items[i];
        if (!item.verdict) {
            ++result.unjudged;
            continue;
        }
        if (isIdentical(item))
            ++result.identical;
        else if (*item.verdict != Verdict::Skip)
            seconds.push_back(item.seconds);
        switch (*item.verdict) {
        case Verdict::Left:
        case Verdict::Right: {
            const bool left = *item.verdict == Verdict::Left;
            ++(left ? result.left : result.right);
            ++(left == key.at(i).aIsLeft ? result.forA.wins : result.forA.losses);
            break;
        }
        case Verdict::BothBad:
            ++result.bothBad;
            ++result.forA.ties;
            break;
        case Verdict::Tie:
            ++result.forA.ties;
            break;
        case Verdict::Skip:
            ++result.skipped;
            break;
        }
    }
    if (!seconds.empty()) {
        const auto middle = seconds.begin() + std::ptrdiff_t(seconds.size() / 2);
        std::nth_element(seconds.begin(), middle, seconds.end());
        result.medianSeconds = *middle;
    }
    return result;
}

std::vector<GapBin> winsByGap(const std::vector<EvaluationItemRow>& items, const std::vector<EvaluationItemInput>& key,
    const std::vector<double>& gaps)
{
    constexpr std::size_t kBins = 3, kLeast = 4; // of each bin
    std::vector<std::pair<double, std::size_t>> judged; // gap, item
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::int64_t pair = key.at(i).pair;
        if (!items[i].verdict || *items[i].verdict == Verdict::Skip || pair < 0 || pair >= std::int64_t(gaps.size()))
            continue;
        if (const double gap = gaps[std::size_t(pair)]; std::isfinite(gap))
            judged.emplace_back(gap, i);
    }
    if (judged.size() < kBins * kLeast)
        return {};
    std::sort(judged.begin(), judged.end());
    std::vector<GapBin> bins;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const std::size_t from = judged.size() * bin / kBins, to = judged.size() * (bin + 1) / kBins;
        GapBin& made = bins.emplace_back(GapBin {judged[from].first, judged[to - 1].first, {}});
        for (std::size_t i = from; i < to; ++i) {
            const Verdict verdict = *items[judged[i].second].verdict;
            if (verdict != Verdict::Left && verdict != Verdict::Right)
                ++made.forA.ties;
            else
                ++((verdict == Verdict::Left) == key[judged[i].second].aIsLeft ? made.forA.wins : made.forA.losses);
        }
    }
    return bins;
}

std::int64_t EvaluationResult::moreNeeded() const
{
    if (forA.wins == forA.losses)
        return -1;
    const double share = double(std::max(forA.wins, forA.losses)) / double(decisive());
    return std::max<std::int64_t>(0, requiredPrompts(share) - decisive());
}

SourceNames sourceNames(const EvaluationRow& row)
{
    const auto last = [](const std::string& source) {
        const std::filesystem::path path(source);
        return toQString((path.has_filename() ? path : path.parent_path()).filename().string());
    };
    const SourceNames names {last(row.sourceA), last(row.sourceB)};
    return names.a != names.b ? names : SourceNames {toQString(row.sourceA), toQString(row.sourceB)};
}

QString blindName(const EvaluationRow& row)
{
    const QString name = toQString(row.name);
    if (row.closed)
        return name;
    // Any word of a model's name gives it away; a session hidden without need costs nothing.
    static const QRegularExpression separators(QStringLiteral("[^\\p{L}\\p{N}]+"));
    for (const std::string& source : {row.sourceA, row.sourceB}) {
        const QStringList words = toQString(std::filesystem::path(source).filename().string()).split(separators);
        for (const QString& word : words)
            if (word.size() >= 3 && name.contains(word, Qt::CaseInsensitive))
                return QObject::tr("Session %1").arg(row.id);
    }
    return name;
}

} // namespace mpo
