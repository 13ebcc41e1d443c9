// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/alarms.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace mpo;

/// Sequences of metrics made by hand; the thresholds are the defaults of the settings.
class TestAlarms : public QObject
{
    Q_OBJECT

    /// Steps from 1 in which an alarm began, with the values of one metric; the others as a healthy run has them.
    static std::vector<std::pair<std::int64_t, std::string>> raised(
        Alarms& alarms, const std::string& name, const std::vector<double>& values)
    {
        std::vector<std::pair<std::int64_t, std::string>> result;
        std::int64_t step = 0;
        for (const double value : values) {
            Metrics metrics {{"objective/kl", 1.0}, {"val/ratio", 1.0}, {"policy/clipfrac_avg", 0.1},
                {"objective/entropy", 20.0}, {"response/length", 10.0}};
            const auto found = std::find_if(
                metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
            if (found != metrics.end())
                found->value = value;
            else
                metrics.push_back({name, value});
            for (const AlarmRow& alarm : alarms.look(++step, metrics)) {
                result.emplace_back(alarm.step, alarm.name);
                if (alarm.text.find(alarm.name.substr(0, alarm.name.find(' '))) == std::string::npos
                    || alarm.text.find(';') == std::string::npos || alarm.text.find("Step ") != 0)
                    result.emplace_back(alarm.step, "does not explain itself: " + alarm.text);
            }
        }
        return result;
    }
    using Raised = std::vector<std::pair<std::int64_t, std::string>>;
    static Raised raised(StageKind stage, const std::string& name, const std::vector<double>& values)
    {
        Alarms alarms {Settings(stage)};
        return raised(alarms, name, values);
    }

private Q_SLOTS:
    void once()
    {
        QCOMPARE(raised(StageKind::Ppo, "objective/kl", {0, 5, 19.9, 21, 30, 25, 10, 22, 40}),
            (Raised {{4, "alarm_kl"}, {8, "alarm_kl"}}));
        QCOMPARE(raised(StageKind::Ppo, "objective/kl", {0, -0.5, -1.5, -3, 0, -2}),
            (Raised {{3, "alarm_negative_kl"}, {6, "alarm_negative_kl"}}));
    }

    void passes()
    {
        Alarms alarms {Settings(StageKind::Ppo)};
        std::vector<std::int64_t> passed;
        std::int64_t step = 0;
        for (const double kl : {0.0, 21.0, 30.0, 10.0, 11.0, 22.0, 5.0}) {
            alarms.look(++step, {{"objective/kl", kl}});
            if (!alarms.passed().empty()) {
                QCOMPARE(alarms.passed(), std::vector<std::string> {"alarm_kl"});
                passed.push_back(step);
            }
        }
        QCOMPARE(passed, (std::vector<std::int64_t> {4, 7}));
    }

    void updates()
    {
        QCOMPARE(raised(StageKind::Ppo, "val/ratio", {1, 1.4, 1.6, 0.7, 0.5}),
            (Raised {{3, "alarm_ratio"}, {5, "alarm_ratio"}}));
        QCOMPARE(
            raised(StageKind::Ppo, "policy/clipfrac_avg", {0, 0.3, 0.31, 0.5}), (Raised {{3, "alarm_clip_fraction"}}));
    }

    void movesAndEnds()
    {
        QCOMPARE(raised(StageKind::Ppo, "policy/approxkl_avg", {0, 0.1, 0.11, 0.5, 0.05, 0.2}),
            (Raised {{3, "alarm_approx_kl"}, {6, "alarm_approx_kl"}}));
        QCOMPARE(
            raised(StageKind::Ppo, "response/eos_share", {1, 0.2, 0.19, 0, 0.5}), (Raised {{3, "alarm_eos_share"}}));
    }

    void driftFromTheStart()
    {
        QCOMPARE(raised(StageKind::Ppo, "objective/entropy", {20, 10, 4.1, 3.9, 0.1}), (Raised {{4, "alarm_entropy"}}));
        // Half as long responses with half the entropy are no collapse, and a third is no drift yet.
        QCOMPARE(raised(StageKind::Ppo, "response/length", {10, 20, 29, 31, 12, 3}),
            (Raised {{4, "alarm_length"}, {6, "alarm_length"}}));
    }

    void marginsThatStayZero()
    {
        std::vector<double> margins(9, 0.0);
        QCOMPARE(raised(StageKind::Dpo, "rewards/margins", margins), Raised {}); // as in a warm-up
        margins.resize(15, 0.0);
        QCOMPARE(raised(StageKind::Dpo, "rewards/margins", margins), (Raised {{10, "alarm_zero_margins"}}));
        margins[5] = 1e-6;
        QCOMPARE(raised(StageKind::Dpo, "rewards/margins", margins), Raised {});
        QCOMPARE(
            raised(StageKind::Reward, "margin", std::vector<double>(10, 0.0)), (Raised {{10, "alarm_zero_margins"}}));
    }

    void gradientSpikes()
    {
        std::vector<double> norms(30, 1.0);
        norms[4] = 1000.0; // too early to tell
        norms[25] = 19.0;
        norms[28] = 1000.0;
        norms[3] = 0.9;
        std::vector<double> calm(30, 1.0);
        calm[20] = 19.0;
        QCOMPARE(raised(StageKind::Sft, "grad_norm", calm), Raised {});
        calm[22] = 60.0; // 20 times the mean, which the 19 has raised to 2.6
        QCOMPARE(raised(StageKind::Sft, "grad_norm", calm), (Raised {{23, "alarm_grad_norm of grad_norm"}}));
        norms[4] = 1.0;
        QCOMPARE(raised(StageKind::Sft, "grad_norm", norms), (Raised {{29, "alarm_grad_norm of grad_norm"}}));
        QCOMPARE(
            raised(StageKind::Ppo, "value/grad_norm", norms), (Raised {{29, "alarm_grad_norm of value/grad_norm"}}));
    }

    void zeroSwitchesOff()
    {
        for (const StageKind stage : {StageKind::Sft, StageKind::Reward, StageKind::Dpo, StageKind::Ppo}) {
            Settings settings(stage);
            int alarms = 0;
            for (const SettingInfo& info : settingInfos(stage))
                if (info.name.starts_with("alarm_")) {
                    QVERIFY(info.neutral && info.advanced && info.group == "Alarms");
                    settings.set(info.name, 0.0);
                    ++alarms;
                }
            QVERIFY(alarms > 0);
            Alarms off(settings);
            for (const char* name :
                {"objective/kl", "val/ratio", "policy/clipfrac_avg", "objective/entropy", "response/length",
                    "rewards/margins", "margin", "grad_norm", "policy/approxkl_avg", "response/eos_share"})
                QCOMPARE(raised(off, name, {1, 0, -1000, 1e9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1e12}), Raised {});
        }
    }

    void whatIsNotFiniteIsLeftToOthers()
    {
        const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
        QCOMPARE(raised(StageKind::Ppo, "objective/kl", {nan, infinity, -infinity}), Raised {});
        QCOMPARE(raised(StageKind::Ppo, "objective/kl", {21, nan, 22}), (Raised {{1, "alarm_kl"}}));
    }

    /// Wherever a sequence is cut and its state stored and read, the same alarms come.
    void resumed()
    {
        std::vector<double> values(30, 1.0);
        values[12] = values[13] = 50.0;
        values[20] = 1e6;
        for (const auto& [stage, name] : {std::pair {StageKind::Ppo, "objective/kl"},
                 {StageKind::Ppo, "objective/entropy"}, {StageKind::Ppo, "response/length"},
                 {StageKind::Dpo, "rewards/margins"}, {StageKind::Sft, "grad_norm"}}) {
            const auto expected = raised(stage, name, values);
            for (std::size_t cut = 1; cut < values.size(); ++cut) {
                Alarms first {Settings(stage)}, second {Settings(stage)};
                auto all = raised(first, name, {values.begin(), values.begin() + std::ptrdiff_t(cut)});
                second.restore(parseJson(toLine(first.toJson()), "state"));
                for (auto [step, alarm] : raised(second, name, {values.begin() + std::ptrdiff_t(cut), values.end()}))
                    all.emplace_back(step + std::int64_t(cut), alarm);
                QCOMPARE(all, expected);
            }
        }
        QVERIFY(!raised(StageKind::Ppo, "objective/kl", values).empty());
    }
};

QTEST_GUILESS_MAIN(TestAlarms)
#include "tst_alarms.moc"
