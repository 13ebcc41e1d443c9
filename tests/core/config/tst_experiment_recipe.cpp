// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/experiment_recipe.h"
#include "core/support/error.h"
#include "tests/core/config/recipe_mistakes.h"

#include <QTest>

using namespace mpo;

class TestExperimentRecipe : public QObject
{
    Q_OBJECT

    static ExperimentRecipe parse(const std::string& text, const std::vector<std::string>& overrides = {})
    {
        return parseExperimentRecipe(text, "e.yaml", overrides);
    }
    static std::string names(const std::vector<ExperimentMethod>& methods)
    {
        std::string all;
        for (const ExperimentMethod& method : methods)
            all += (all.empty() ? "" : " ") + method.name;
        return all;
    }

private Q_SLOTS:
    void everyKeyIsRead()
    {
        const ExperimentRecipe recipe = parse("name: ex\n"
                                              "data: synthetic\n"
                                              "seeds: [3, 7]\n"
                                              "methods: [dpo, dpo-easy+ppo-hard, simpo-easy]\n"
                                              "noise: 0.125\n"
                                              "synthetic: {completions: 10, pairs: 20}\n"
                                              "simpo: {beta: 2.0}\n"
                                              "dpo: {beta: 0.3, learning_rate: 1e-4}\n"
                                              "tr-dpo:\n"
                                              "  ref_model_sync_steps: 8\n"
                                              "rloo: {num_generations: 2}\n"
                                              "ppo: {kl_coef: 0.2}\n"
                                              "sweep:\n"
                                              "  easy_share: [0.75, 0.25]\n"
                                              "  easy_share_methods: mpo\n"
                                              "  noise: [0, 0.3]\n"
                                              "  prompts: [64, 32]\n"
                                              "  prompts_methods: [ppo-hard, rloo]\n"
                                              "evaluate: {prompts: 5}\n");
        QVERIFY(recipe.synthetic);
        QVERIFY(recipe.base.sft); // the made model has to learn something first
        QVERIFY(recipe.seeds == (std::vector<std::int64_t> {3, 7}));
        QCOMPARE(names(recipe.methods), std::string("sft dpo mpo simpo-easy"));
        QCOMPARE(recipe.noise, 0.125);
        QCOMPARE(recipe.completions, std::int64_t(10));
        QCOMPARE(recipe.pairs, std::int64_t(20));
        QCOMPARE(recipe.base.evaluatePrompts, std::int64_t(5));
        // A variant is DPO or PPO of the recipe, whatever the order of sections, with its own on top.
        QCOMPARE(recipe.algorithms.at("dpo").real("beta"), 0.3);
        QCOMPARE(recipe.algorithms.at("simpo").real("beta"), 2.0);
        QCOMPARE(recipe.algorithms.at("simpo").text("loss"), std::string("simpo"));
        QCOMPARE(recipe.algorithms.at("simpo").real("learning_rate"), 1e-4);
        QCOMPARE(recipe.algorithms.at("ipo").real("beta"), 0.3);
        QCOMPARE(recipe.algorithms.at("cdpo").real("label_smoothing"), 0.1);
        QCOMPARE(recipe.algorithms.at("tr-dpo").integer("ref_model_sync_steps"), std::int64_t(8));
        QVERIFY(recipe.algorithms.at("tr-dpo").flag("sync_ref_model")
            && !recipe.algorithms.at("dpo").flag("sync_ref_model"));
        QCOMPARE(recipe.algorithms.at("rloo").real("kl_coef"), 0.2);
        QCOMPARE(recipe.algorithms.at("rloo").text("advantage_estimator"), std::string("rloo"));
        QVERIFY(recipe.easyShare.values == (std::vector<double> {0.25, 0.75}));
        QCOMPARE(names(recipe.easyShare.methods), std::string("mpo"));
        QVERIFY(recipe.flipped.values == (std::vector<double> {0.0, 0.3}));
        QCOMPARE(names(recipe.flipped.methods), std::string("dpo mpo"));
        QVERIFY(recipe.prompts.values == (std::vector<double> {32, 64}));
        QCOMPARE(names(recipe.prompts.methods), std::string("ppo-hard rloo"));
    }

    void whatIsNotSaid()
    {
        const ExperimentRecipe recipe = parse("model: m\ndata: d\n");
        QVERIFY(!recipe.synthetic && !recipe.base.sft);
        QVERIFY(recipe.seeds == (std::vector<std::int64_t> {1, 2, 3}));
        QCOMPARE(recipe.methods.front().name, std::string("sft"));
        QCOMPARE(recipe.methods.size(), std::size_t(10));
        QVERIFY(recipe.easyShare.values.empty() && recipe.flipped.values.empty() && recipe.prompts.values.empty());
    }

    void overridesWin()
    {
        const ExperimentRecipe recipe = parse("model: m\ndata: d\nseeds: [1, 2]\nmethods: [mpo]\n",
            {"data=synthetic", "seeds=4", "methods=dpo, ppo-hard", "sweep.noise=0,0.2", "ipo.beta=0.5"});
        QVERIFY(recipe.synthetic);
        QCOMPARE(recipe.seeds.size(), std::size_t(4));
        QCOMPARE(names(recipe.methods), std::string("sft dpo ppo-hard"));
        QCOMPARE(recipe.flipped.values.size(), std::size_t(2));
        QCOMPARE(recipe.algorithms.at("ipo").real("beta"), 0.5);
    }

    void oneSeedOrAsMany()
    {
        const auto seeds
            = [](const char* text) { return parse(std::string("model: m\ndata: d\nseeds: ") + text).seeds; };
        QVERIFY(seeds("3") == (std::vector<std::int64_t> {1, 2, 3}));
        QVERIFY(seeds("[3]") == std::vector<std::int64_t> {3});
    }

    void mistakesNameTheLine_data()
    {
        recipe_mistakes::addColumns();
        constexpr auto row = recipe_mistakes::add;
        row("unknown key", "sedes: 3\n", "e.yaml:3: ", "Did you mean \"seeds\"?");
        row("unknown method", "methods:\n  - mpo\n  - dop\n", "e.yaml:3: methods: ", "Did you mean \"dpo\"?");
        row("method twice", "methods: [mpo, dpo-easy+ppo-hard]\n", "e.yaml:3: methods: ", "mpo stands there twice");
        row("no seed", "seeds: 0\n", "e.yaml:3: seeds: ", "at least 1");
        row("seed twice", "seeds: [1, 1]\n", "e.yaml:3: seeds: ", "twice");
        row("too many seeds", "seeds: 5000\n", "e.yaml:3: seeds: ", "too many");
        row("empty list", "methods: []\n", "e.yaml:3: methods", "empty list");
        row("list of lists", "methods: [[mpo]]\n", "e.yaml:3: methods", "single values");
        row("too much noise", "noise: 0.6\n", "e.yaml:3: noise: ", "from 0 to 0.5");
        row("noise as a list", "noise: [0.1]\n", "e.yaml:3: noise", "single value");
        row("nothing easy", "sweep:\n  easy_share: [0, 0.5]\n", "e.yaml:4: sweep.easy_share: ", "both excluded");
        row("share with four decimals", "sweep: {noise: [0.1234]}\n", "e.yaml:3: sweep.noise: ", "three decimals");
        row("value twice", "sweep: {noise: [0.1, 0.1]}\n", "e.yaml:3: sweep.noise: ", "twice");
        row("half a prompt", "sweep: {prompts: [1.5]}\n", "e.yaml:3: sweep.prompts: ", "whole number");
        row("unknown sweep", "sweep: {nois: [0.1]}\n", "e.yaml:3: ", "Did you mean \"sweep.noise\"?");
        row("setting of a variant", "simpo: {betta: 1}\n", "e.yaml:3: ", "Did you mean \"simpo.beta\"?");
        row("its value", "simpo: {beta: high}\n", "e.yaml:3: simpo.beta", "high");
        row("its contradiction", "ipo: {label_smoothing: 0.1}\n", "e.yaml:3: ipo: ", "label_smoothing");
        row("no stage on prompts", "sweep: {prompts: [8], prompts_methods: [dpo]}\n",
            "e.yaml:3: sweep.prompts_methods: ", "dpo");
        row("steps instead of prompts", "ppo: {max_steps: 3}\nsweep: {prompts: [8]}\n", "e.yaml:4: sweep.prompts",
            "ppo.max_steps");
        row("of the pipeline", "split: {easy_share: 2}\n", "e.yaml:3: split.easy_share", "from 0 to 1");
        row("no YAML", "methods: [mpo\n", "e.yaml:", "not YAML");
        recipe_mistakes::addText("no data", QByteArray("model: m\n"), "e.yaml: ", "\"synthetic\"");
        recipe_mistakes::addText("no model", QByteArray("data: d\n"), "e.yaml: ", "\"model\" is missing");
    }
    void mistakesNameTheLine()
    {
        recipe_mistakes::check([](const std::string& text) { parse(text); });
    }

    /// The recipes that come with the program.
    void shippedRecipesAreRead()
    {
        const std::filesystem::path folder = std::filesystem::path(MPO_FIXTURES) / "../../resources/recipes";
        for (const char* name : {"experiment.yaml", "experiment-fast.yaml"}) {
            const ExperimentRecipe recipe = readExperimentRecipe(folder / name);
            QVERIFY2(recipe.synthetic && recipe.methods.size() >= 5, name);
        }
    }
};

QTEST_GUILESS_MAIN(TestExperimentRecipe)
#include "tst_experiment_recipe.moc"
