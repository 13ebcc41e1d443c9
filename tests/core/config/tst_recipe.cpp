// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/recipe.h"
#include "core/support/error.h"
#include "core/support/file.h"
#include "tests/core/config/recipe_mistakes.h"

#include <QTemporaryDir>
#include <QTest>

using namespace mpo;

class TestRecipe : public QObject
{
    Q_OBJECT

    static std::string messageOf(const std::string& text, const std::vector<std::string>& overrides = {})
    {
        return ::messageOf([&] { parseRecipe(text, "r.yaml", overrides); });
    }

private Q_SLOTS:
    void everyKeyIsRead()
    {
        const Recipe recipe = parseRecipe("# a comment\n"
                                          "name: run-1\n"
                                          "model: models/base\n"
                                          "data: pairs.jsonl\n"
                                          "eval_data: 'other.jsonl'\n"
                                          "limit: 500\n"
                                          "sft:\n"
                                          "reward: {epochs: 2, centering: 0.01}\n"
                                          "score:\n"
                                          "  folds: 5\n"
                                          "split:\n"
                                          "  confidence: 0.75\n"
                                          "dpo:\n"
                                          "  beta: 0.2\n"
                                          "  loss: ipo\n"
                                          "ppo:\n"
                                          "  kl_adaptive: yes\n"
                                          "evaluate: {prompts: 10, max_new_tokens: 20, temperature: 0}\n",
            "r.yaml");
        QCOMPARE(recipe.name, std::string("run-1"));
        QCOMPARE(recipe.model, std::string("models/base"));
        QCOMPARE(recipe.data, std::string("pairs.jsonl"));
        QCOMPARE(recipe.evalData, std::string("other.jsonl"));
        QCOMPARE(recipe.limit, std::int64_t(500));
        QVERIFY(recipe.sft); // an empty section asks for the stage
        QCOMPARE(recipe.reward.real("epochs"), 2.0);
        QCOMPARE(recipe.reward.real("centering"), 0.01);
        QCOMPARE(recipe.folds, 5);
        QCOMPARE(recipe.splitBy, std::string("confidence"));
        QCOMPARE(recipe.splitValue, 0.75);
        QCOMPARE(recipe.dpo.real("beta"), 0.2);
        QCOMPARE(recipe.dpo.text("loss"), std::string("ipo"));
        QVERIFY(recipe.ppo.flag("kl_adaptive"));
        QCOMPARE(recipe.evaluatePrompts, std::int64_t(10));
        QCOMPARE(recipe.evaluateTokens, std::int64_t(20));
        QCOMPARE(recipe.evaluateTemperature, 0.0);
        QVERIFY(!parseRecipe("model: m\ndata: d\n", "r.yaml").sft);
    }

    void overridesWin()
    {
        const std::string text = "model: m\ndata: d\nsplit: {gap: 1.0}\ndpo: {beta: 0.2}\n";
        const Recipe recipe = parseRecipe(
            text, "r.yaml", {"dpo.beta=0.3", "split.easy_share=0.4", "data=my = file.jsonl", "sft.max_steps=3"});
        QCOMPARE(recipe.dpo.real("beta"), 0.3);
        QCOMPARE(recipe.splitBy, std::string("easy_share"));
        QCOMPARE(recipe.data, std::string("my = file.jsonl"));
        QCOMPARE(recipe.sft->integer("max_steps"), std::int64_t(3));
        QCOMPARE(parseRecipe("", "r.yaml", {"model=m", "data=d"}).model, std::string("m"));
        QVERIFY(messageOf(text, {"dpo.betta=1"}).starts_with("--set dpo.betta=1: \"dpo.betta\" is not a key"));
        QVERIFY(messageOf(text, {"dpo.beta"}).find("KEY=VALUE") != std::string::npos);
        QVERIFY(messageOf(text, {"dpo.beta=x"}).find("--set dpo.beta=x: dpo.beta") != std::string::npos);
        QVERIFY(messageOf(text, {"nothing.at.all=1"}).find("not a key") != std::string::npos);
    }

    void mistakesNameTheLine_data()
    {
        recipe_mistakes::addColumns();
        constexpr auto row = recipe_mistakes::add;
        row("unknown key", "dta: x\n", "r.yaml:3: ", "Did you mean \"data\"?");
        row("unknown section", "dop:\n  beta: 1\n", "r.yaml:3: ", "Did you mean \"dpo\"?");
        row("unknown setting", "dpo:\n  loss: ipo\n  betta: 1\n", "r.yaml:5: ", "Did you mean \"dpo.beta\"?");
        row("setting of another stage", "dpo:\n  kl_coef: 1\n", "r.yaml:4: ", "\"dpo.kl_coef\" is not a key");
        row("unknown split key", "split:\n  gapp: 1\n", "r.yaml:4: ", "Did you mean \"split.gap\"?");
        row("wrong type", "dpo:\n  beta: high\n", "r.yaml:4: dpo.beta", "high");
        row("wrong type below score", "score: {folds: two}\n", "r.yaml:3: score.folds", "not a whole number");
        row("one fold", "score: {folds: 1}\n", "r.yaml:3: score.folds", "2 to 100");
        row("out of range", "split: {easy_share: 1.5}\n", "r.yaml:3: split.easy_share", "from 0 to 1");
        row("certain", "split: {confidence: 1}\n", "r.yaml:3: split.confidence", "between 0 and 1");
        row("not finite", "split: {gap: .nan}\n", "r.yaml:3: split.gap", "not a number");
        row("two thresholds", "split:\n  gap: 1\n  easy_share: 0.5\n",
            "r.yaml:", "one of gap, confidence and easy_share");
        row("twice", "limit: 1\nlimit: 2\n", "r.yaml:4: ", "first in line 3");
        row("twice below", "dpo:\n  beta: 1\n  beta: 2\n", "r.yaml:5: ", "first in line 4");
        row("list", "limit: [1, 2]\n", "r.yaml:3: limit", "not a list");
        row("no value", "limit:\n", "r.yaml:3: limit", "has no value");
        row("section as value", "dpo: 3\n", "r.yaml:3: dpo", "keys of its own");
        row("section below a section", "dpo:\n  beta: {x: 1}\n", "r.yaml:4: dpo.beta", "single value");
        row("name with a path", "name: ../up\n", "r.yaml:3: name", "letters, digits");
        row("negative limit", "limit: -1\n", "r.yaml:3: limit", "at least 0");
        row("contradiction", "ppo: {minibatch_size: 128}\n", "r.yaml: ppo: ", "rollout_batch");
        row("no YAML", "dpo: {beta: 1\n", "r.yaml:", "not YAML");
        row("tab", "dpo:\n\tbeta: 1\n", "r.yaml:4: ", "not YAML");
        recipe_mistakes::addText("no model", QByteArray("data: d\n"), "r.yaml: ", "\"model\" is missing");
        recipe_mistakes::addText("no data", QByteArray("model: m\n"), "r.yaml: ", "\"data\" is missing");
        recipe_mistakes::addText("empty", QByteArray(""), "r.yaml: ", "missing");
        recipe_mistakes::addText("list of things", QByteArray("- a\n- b\n"), "r.yaml: ", "KEY: VALUE");
        recipe_mistakes::addText("deep", QByteArray(100000, '['), "r.yaml:", "not YAML");
    }
    void mistakesNameTheLine()
    {
        recipe_mistakes::check([](const std::string& text) { parseRecipe(text, "r.yaml"); });
    }

    void filesAreRead()
    {
        QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath(QStringLiteral("my.yaml")).toStdString();
        writeFileAtomically(file, "model: m\ndata: d\n");
        QCOMPARE(readRecipe(file, {"limit=7"}).limit, std::int64_t(7));
        writeFileAtomically(file, "model: m\ndata: d\nx: 1\n");
        QVERIFY_THROWS_EXCEPTION(Error, readRecipe(file));
        QVERIFY_THROWS_EXCEPTION(Error, readRecipe(folder.filePath(QStringLiteral("none.yaml")).toStdString()));
    }
};

QTEST_GUILESS_MAIN(TestRecipe)
#include "tst_recipe.moc"
