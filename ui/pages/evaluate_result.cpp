// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/evaluate_result.h"

#include "core/engine/judged_session.h"
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
    const JudgedSession session = judgedSession(items, key);
    const SessionResult counted = sessionResult(session.key, session.verdicts);
    EvaluationResult result {counted.first.tally, counted.bothBad, counted.identical, counted.skipped, counted.unjudged,
        counted.left, counted.right, 0.0};
    std::vector<double> seconds;
    for (const EvaluationItemRow& item : items)
        if (item.verdict && *item.verdict != Verdict::Skip && !isIdentical(item))
            seconds.push_back(item.seconds);
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
    const JudgedSession session = judgedSession(items, key);
    std::vector<GapBin> bins;
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        const std::size_t from = judged.size() * bin / kBins, to = judged.size() * (bin + 1) / kBins;
        JudgedSession part;
        for (std::size_t i = from; i < to; ++i) {
            part.key.push_back(session.key[judged[i].second]);
            part.verdicts.push_back(session.verdicts[judged[i].second]);
        }
        bins.push_back({judged[from].first, judged[to - 1].first, sessionResult(part.key, part.verdicts).first.tally});
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
