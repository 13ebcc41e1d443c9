// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation.h"
#include "core/model/model_folder.h"
#include "core/support/error.h"
#include "tests/common/near.h"

#include <ATen/ATen.h>

#include <set>

using namespace mpo;
namespace fs = std::filesystem;

class TestGeneration : public QObject
{
    Q_OBJECT

    static Model load(const char* name) { return loadModel(fs::path(MPO_FIXTURES) / "model" / name); }

    /// Log-probs of what follows, by a full pass. (V)
    static at::Tensor next(const Model& model, const TokenIds& ids, double temperature = 1.0)
    {
        PackedBatchBuilder builder;
        builder.add(ids);
        const at::Tensor hidden = model.trunk->hidden(builder.build())[std::int64_t(ids.size()) - 1];
        return (model.trunk->outputWeight().mv(hidden) / temperature).log_softmax(0);
    }

    /// First tokens of many responses to one prompt.
    static at::Tensor frequencies(
        const Model& model, const TokenIds& prompt, GenerationOptions options, std::int64_t draws)
    {
        options.maxNewTokens = 1;
        options.batchRows = 512;
        at::Tensor counts = at::zeros({model.config().vocabulary}, at::kDouble);
        auto* count = counts.mutable_data_ptr<double>();
        for (const GeneratedResponse& response :
            generate(model, std::vector<TokenIds>(std::size_t(draws), prompt), options, 11))
            count[response.ids.at(0)] += 1.0;
        return counts;
    }

    /// Pearson's statistic over the tokens expected at least five times, the others as one class; in standard
    /// deviations.
    static double surprise(const at::Tensor& counts, const at::Tensor& probabilities)
    {
        const double draws = counts.sum().item<double>();
        double statistic = 0.0, restCount = 0.0, restExpected = 0.0;
        int classes = 0;
        const auto add = [&](double count, double expected) {
            statistic += (count - expected) * (count - expected) / expected;
            ++classes;
        };
        for (std::int64_t id = 0; id < counts.size(0); ++id) {
            const double count = counts[id].item<double>(), expected = draws * probabilities[id].item<double>();
            if (expected >= 5.0) {
                add(count, expected);
            } else {
                restCount += count;
                restExpected += expected;
            }
        }
        if (restExpected >= 1e-9)
            add(restCount, restExpected);
        else if (restCount > 0.0)
            return INFINITY; // something impossible was drawn
        return (statistic - (classes - 1)) / std::sqrt(2.0 * (classes - 1));
    }

private Q_SLOTS:
    void frequenciesFollowTheProbabilities_data()
    {
        QTest::addColumn<double>("temperature");
        QTest::addColumn<int>("topK");
        QTest::addColumn<double>("topP");
        QTest::newRow("plain") << 1.0 << 0 << 1.0;
        QTest::newRow("temperature") << 0.5 << 0 << 1.0;
        QTest::newRow("top-k") << 1.0 << 5 << 1.0;
        QTest::newRow("top-p") << 1.5 << 0 << 0.8;
        QTest::newRow("top-k, then top-p") << 2.0 << 9 << 0.7;
    }
    void frequenciesFollowTheProbabilities()
    {
        QFETCH(double, temperature);
        QFETCH(int, topK);
        QFETCH(double, topP);
        const Model model = load("tied");
        const TokenIds prompt {3, 17, 42, 9, 60};
        at::Tensor p = next(model, prompt, temperature).to(at::kDouble).exp();
        // The rule by hand: walk down from the most probable; stop after k, or once those before hold topP of what is
        // left.
        const auto order = std::get<1>(p.sort(-1, true));
        at::Tensor kept = at::zeros_like(p);
        const std::int64_t k = topK > 0 ? topK : p.size(0);
        const double whole = p.index_select(0, order.narrow(0, 0, k)).sum().item<double>();
        double before = 0.0;
        for (std::int64_t i = 0; i < k && before < topP; ++i) {
            kept[order[i]] = p[order[i]];
            before += p[order[i]].item<double>() / whole;
        }
        p = kept / kept.sum();
        GenerationOptions options;
        options.temperature = temperature;
        options.topK = topK;
        options.topP = topP;
        const double deviations = surprise(frequencies(model, prompt, options, 6000), p);
        QVERIFY2(deviations < 4.0, qPrintable(QString::number(deviations)));
        // The statistic sees a wrong distribution.
        QVERIFY(surprise(frequencies(model, {5, 5, 5}, options, 6000), p) > 10.0);
    }

    void smallTopPTakesTheMostProbable()
    {
        const Model model = load("wide");
        GenerationOptions greedy, narrow;
        greedy.greedy = true;
        narrow.topP = 1e-6;
        greedy.maxNewTokens = narrow.maxNewTokens = 15;
        const std::vector<TokenIds> prompts {{3, 4}, {9}, {1, 2, 3, 4, 5, 6}};
        const auto a = generate(model, prompts, greedy, 1), b = generate(model, prompts, narrow, 2);
        for (std::size_t i = 0; i < prompts.size(); ++i)
            QCOMPARE(a[i].ids, b[i].ids);
    }

    void logProbsAreOfTheWholeDistribution()
    {
        const Model model = load("wide");
        GenerationOptions options;
        options.temperature = 0.7;
        options.topK = 4;
        options.topP = 0.9;
        options.maxNewTokens = 10;
        const TokenIds prompt {8, 8, 1};
        for (const auto& response : generate(model, {prompt, prompt}, options, 3)) {
            TokenIds ids = prompt;
            for (std::size_t t = 0; t < response.ids.size(); ++t) {
                COMPARE_NEAR(response.logProbs[t], next(model, ids, 0.7)[response.ids[t]].item<double>(), 1e-5);
                ids.push_back(response.ids[t]);
            }
        }
    }

    void rowsHaveStreamsOfTheirOwn()
    {
        const Model model = load("untied");
        std::vector<TokenIds> prompts;
        for (TokenId i = 0; i < 23; ++i)
            prompts.emplace_back(std::size_t(1 + (i * 7) % 11), TokenId(3 + i));
        GenerationOptions options;
        options.maxNewTokens = 30;
        options.temperature = 1.3;
        options.stopIds = {2, 5, 40, 41, 42, 43, 44, 45, 46};
        const auto reference = generate(model, prompts, options, 7);
        std::set<std::size_t> lengths;
        for (std::int64_t rows : {1, 4, 23}) {
            options.batchRows = rows;
            std::int64_t reported = 0;
            const auto again = generate(model, prompts, options, 7, {}, [&](std::int64_t finished) {
                QVERIFY(finished > reported);
                reported = finished;
            });
            QCOMPARE(reported, std::int64_t(23));
            for (std::size_t i = 0; i < prompts.size(); ++i) {
                QCOMPARE(again[i].ids, reference[i].ids);
                lengths.insert(again[i].ids.size());
            }
        }
        QVERIFY(lengths.size() > 5); // rows did leave at different times
        for (const auto& response : reference) {
            QCOMPARE(response.logProbs.size(), response.ids.size());
            const bool stopped = std::count(options.stopIds.begin(), options.stopIds.end(), response.ids.back()) > 0;
            QCOMPARE(response.finished, stopped);
            QVERIFY(stopped || response.ids.size() == 30);
            for (std::size_t t = 0; t + 1 < response.ids.size(); ++t)
                QCOMPARE(
                    std::count(options.stopIds.begin(), options.stopIds.end(), response.ids[t]), std::ptrdiff_t(0));
        }
        QVERIFY(generate(model, prompts, options, 8)[0].ids != reference[0].ids);
    }

    void stopReturnsWhatIsThere()
    {
        const Model model = load("tied");
        std::stop_source source;
        GenerationOptions options;
        options.maxNewTokens = 40;
        options.batchRows = 2;
        const auto responses
            = generate(model, {{3}, {4}, {5}, {6}}, options, 1, source.get_token(), [&](std::int64_t finished) {
                  if (finished >= 2)
                      source.request_stop();
              });
        QCOMPARE(responses.size(), std::size_t(4));
        QCOMPARE(responses[0].ids.size(), std::size_t(40));
        QVERIFY(responses[3].ids.empty() && !responses[3].finished);
    }

    void emptyPromptIsNamed()
    {
        const Model model = load("tied");
        QVERIFY_EXCEPTION_THROWN(generate(model, {{3}, {}}, {}, 1), Error);
        QVERIFY(generate(model, {}, {}, 1).empty());
    }

    /// The bf16 copies that decoding uses follow the weights.
    void decodingInBf16FollowsTheWeights()
    {
        Model model = load("tied");
        model.trunk->computeType = ComputeType::BFloat16;
        GenerationOptions options;
        options.maxNewTokens = 8;
        const std::vector<TokenIds> prompts {{3, 17, 42}, {9}};
        const auto check = [&] {
            const auto responses = generate(model, prompts, options, 4);
            for (std::size_t i = 0; i < prompts.size(); ++i) {
                TokenIds ids = prompts[i];
                for (std::size_t t = 0; t < responses[i].ids.size(); ++t) {
                    COMPARE_NEAR(responses[i].logProbs[t], next(model, ids)[responses[i].ids[t]].item<double>(), 0.15);
                    ids.push_back(responses[i].ids[t]);
                }
            }
        };
        check();
        for (const auto& [name, tensor] : model.parameters())
            if (name.find("proj") != std::string::npos)
                tensor.mul_(-1.0);
        check();
    }
};

QTEST_GUILESS_MAIN(TestGeneration)
#include "tst_generation.moc"
