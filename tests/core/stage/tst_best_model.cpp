// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stage/best_model.h"

#include <QTest>

#include <limits>

using namespace mpo;

class TestBestModel : public QObject
{
    Q_OBJECT

    static Settings settings(const char* metric, std::int64_t patience, double minChange)
    {
        Settings settings(StageKind::Reward);
        settings.set("best_metric", std::string(metric));
        settings.set("load_best_at_end", true);
        settings.set("early_stop_patience", patience);
        settings.set("early_stop_min_change", minChange);
        return settings;
    }

    /// Steps 10, 20, ... with these values; the step at which it stops (0: never), and the best step.
    static std::pair<std::int64_t, std::int64_t> run(
        const Settings& settings, const std::vector<double>& values, std::size_t resumeAfter = 0)
    {
        BestModel best(settings);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto step = std::int64_t(10 * (i + 1));
            const auto seen = best.observe(step, {{"loss", 0.0}, {settings.text("best_metric"), values[i]}});
            if (seen.best != (best.step() == step))
                return {-1, -1};
            if (seen.stop)
                return {step, best.step()};
            if (i + 1 == resumeAfter) {
                const Json state = parseJson(toLine(best.toJson()), "state");
                best = BestModel(settings);
                best.restore(state);
            }
        }
        return {0, best.step()};
    }
    using Result = std::pair<std::int64_t, std::int64_t>;

private Q_SLOTS:
    void smallerLossIsBetterAndLargerAccuracy()
    {
        QCOMPARE(run(settings("eval_loss", 0, 0), {0.7, 0.5, 0.6, 0.4, 0.4}), (Result {0, 40}));
        QCOMPARE(run(settings("eval_accuracy", 0, 0), {0.7, 0.5, 0.8, 0.4, 0.8}), (Result {0, 30}));
        QCOMPARE(run(settings("eval_margin", 0, 0), {-3, -1, -2}), (Result {0, 20}));
    }

    void stopsAfterPatience()
    {
        QCOMPARE(run(settings("eval_loss", 2, 0), {0.7, 0.6, 0.61, 0.59, 0.60, 0.59, 0.1}), (Result {60, 40}));
        QCOMPARE(run(settings("eval_loss", 1, 0), {0.5, 0.5}), (Result {20, 10}));
        QCOMPARE(run(settings("eval_loss", 3, 0), {0.5, 0.6, 0.7}), (Result {0, 10}));
    }

    /// Small changes do not count for the patience, but add up, and the best is still the best.
    void smallestChange()
    {
        QCOMPARE(run(settings("eval_loss", 2, 0.1), {0.7, 0.65, 0.61}), (Result {30, 30}));
        QCOMPARE(run(settings("eval_loss", 2, 0.1), {0.7, 0.65, 0.55, 0.5, 0.44, 0.4, 0.39}), (Result {70, 70}));
    }

    void notANumberIsNeverBest()
    {
        const double nan = std::numeric_limits<double>::quiet_NaN();
        QCOMPARE(run(settings("eval_loss", 2, 0), {nan, 0.5, nan, 0.4}), (Result {0, 40}));
        QCOMPARE(run(settings("eval_loss", 2, 0), {nan, nan}), (Result {20, -1}));
    }

    void resumedAnywhere()
    {
        const std::vector<double> values {0.7, 0.6, 0.61, 0.59, 0.60, 0.59, 0.1};
        for (std::size_t after = 1; after < values.size(); ++after)
            QCOMPARE(run(settings("eval_loss", 2, 0), values, after), (Result {60, 40}));
    }

    void saysWhy()
    {
        BestModel best(settings("eval_loss", 1, 0.25));
        best.observe(10, {{"eval_loss", 0.5}});
        QVERIFY(best.observe(20, {{"eval_loss", 0.4}}).stop);
        const std::string why = best.reasonToStop();
        for (const char* part : {"eval_loss", "0.25", "1 evaluation", "0.4", "step 20"})
            QVERIFY2(why.find(part) != std::string::npos, why.c_str());
    }

    void nothingAskedNothingDone()
    {
        BestModel best {Settings(StageKind::Sft)};
        QVERIFY(!best.wanted());
        best.observe(10, {{"eval_loss", 0.5}});
        QCOMPARE(best.step(), std::int64_t(-1));
    }
};

QTEST_GUILESS_MAIN(TestBestModel)
#include "tst_best_model.moc"
