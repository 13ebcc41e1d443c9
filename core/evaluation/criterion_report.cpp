// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/criterion_report.h"

#include "core/evaluation/holm.h"

#include <cassert>

namespace mpo {

namespace {

int signOf(double points) { return points > 0.5 ? 1 : points < 0.5 ? -1 : 0; }

CriterionReport reportOf(const CriterionPoints& criterion, const std::vector<std::optional<double>>& verdicts,
    const BootstrapOptions& bootstrap)
{
    assert(criterion.points.size() == verdicts.size());
    CriterionReport report;
    report.criterion = criterion.criterion;
    Ratings both(2);
    std::int64_t same = 0, decisive = 0, sameWinner = 0;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (!criterion.points[i])
            continue;
        const int outcome = signOf(*criterion.points[i]);
        ++(outcome > 0 ? report.tally.wins : outcome < 0 ? report.tally.losses : report.tally.ties);
        if (!verdicts[i])
            continue;
        const int whole = signOf(*verdicts[i]);
        both[0].push_back(whole);
        both[1].push_back(outcome);
        same += whole == outcome ? 1 : 0;
        decisive += whole != 0 && outcome != 0 ? 1 : 0;
        sameWinner += whole != 0 && whole == outcome ? 1 : 0;
    }
    const double level = bootstrap.level;
    report.winRate = winRate(report.tally);
    report.interval = wilsonInterval(report.winRate, report.tally.total(), zOfLevel(level));
    report.p = signTest(report.tally);
    const RaterAgreement agreement = raterAgreements(both, bootstrap).front();
    report.asVerdict = countedShare(same, agreement.items, level);
    report.kappa = agreement.kappa;
    report.kappaInterval = agreement.kappaInterval;
    report.sameWinner = countedShare(sameWinner, decisive, level);
    report.alpha = alphaWithInterval(criterion.votes, LabelScale::Ordinal, bootstrap);
    return report;
}

} // namespace

std::vector<CriterionReport> criterionReports(const std::vector<CriterionPoints>& criteria,
    const std::vector<std::optional<double>>& verdicts, const BootstrapOptions& bootstrap)
{
    std::vector<CriterionReport> reports;
    std::vector<double> p;
    for (const CriterionPoints& criterion : criteria) {
        reports.push_back(reportOf(criterion, verdicts, bootstrap));
        p.push_back(reports.back().p);
    }
    const std::vector<double> adjusted = holmAdjusted(p);
    for (std::size_t i = 0; i < reports.size(); ++i)
        reports[i].adjusted = adjusted[i];
    return reports;
}

} // namespace mpo
