// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/settings_form.h"

#include "core/support/error.h"
#include "ui/format.h"
#include "ui/forms/form_combo_box.h"
#include "ui/style.h"
#include "ui/view_state.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QStyle>
#include <QToolButton>
#include <QUndoCommand>
#include <QUndoStack>
#include <QVBoxLayout>

namespace mpo {

namespace {

constexpr int kEditorWidth = 112;

/// "learning_rate" -> "Learning rate"; abbreviations stay as the field writes them.
QString titleOf(std::string_view name)
{
    QString title = toQString(name);
    title.replace(QLatin1Char('_'), QLatin1Char(' '));
    for (const char* word : {"kl", "ppo", "lora", "eos", "lr"}) {
        const QString lower = QLatin1String(word);
        QStringList parts = title.split(QLatin1Char(' '));
        for (QString& part : parts)
            if (part == lower)
                part = lower == QLatin1String("lora") ? QStringLiteral("LoRA") : lower.toUpper();
        title = parts.join(QLatin1Char(' '));
    }
    if (!title.isEmpty())
        title[0] = title[0].toUpper();
    return title;
}

QString toolTipOf(const SettingInfo& info)
{
    QString tip = QStringLiteral("<p>%1</p><p><code>%2</code> · default %3")
                      .arg(toQString(info.help).toHtmlEscaped(), toQString(info.name), settingText(info.defaultValue));
    if (info.minimum && info.maximum && *info.maximum < 1e9)
        tip += QStringLiteral(" · %1 to %2").arg(formatNumber(*info.minimum), formatNumber(*info.maximum));
    else if (info.minimum)
        tip += QStringLiteral(" · at least %1").arg(formatNumber(*info.minimum));
    return tip + QStringLiteral("</p>");
}

/// Error sentences of Settings begin with the name of the setting; the field already says it.
QString sentenceFor(const SettingInfo& info, const char* what)
{
    QString sentence = QString::fromUtf8(what);
    const QString prefix = toQString(info.name) + QLatin1Char(' ');
    if (sentence.startsWith(prefix + QStringLiteral("= ")))
        sentence = sentence.mid(prefix.size() + 2);
    if (!sentence.isEmpty())
        sentence[0] = sentence[0].toUpper();
    return sentence;
}

/// What was changed by hand before it is undone comes back when it is redone.
class ReplacedSettings : public QUndoCommand
{
public:
    ReplacedSettings(SettingsForm& form, const Settings& after, const QString& what)
        : QUndoCommand(what)
        , m_form(form)
        , m_other(after)
    {
    }
    void undo() override { exchange(); }
    void redo() override { exchange(); }

private:
    void exchange()
    {
        const Settings now = m_form.settings();
        m_form.setSettings(m_other);
        m_other = now;
    }

    SettingsForm& m_form;
    Settings m_other; ///< that are not in the form now
};

} // namespace

QString settingText(const SettingValue& value)
{
    if (const auto* flag = std::get_if<bool>(&value))
        return *flag ? QStringLiteral("true") : QStringLiteral("false");
    if (const auto* whole = std::get_if<std::int64_t>(&value))
        return QString::number(*whole);
    if (const auto* real = std::get_if<double>(&value))
        return QString::number(*real, 'g', QLocale::FloatingPointShortest);
    return toQString(std::get<std::string>(value));
}

SettingsForm::SettingsForm(StageKind stage, QWidget* parent)
    : QWidget(parent)
    , m_settings(stage)
    , m_advanced(new QWidget(this))
    , m_advancedButton(new QToolButton(this))
    , m_problems(new QLabel(this))
    , m_history(new QUndoStack(this))
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kSpace / 2);
    auto* advancedLayout = new QVBoxLayout(m_advanced);
    advancedLayout->setContentsMargins(0, 0, 0, 0);
    advancedLayout->setSpacing(kSpace / 2);

    // A group appears where its first setting stands.
    std::map<std::pair<std::string, bool>, QVBoxLayout*> groups;
    int hidden = 0;
    for (const SettingInfo& info : settingInfos(stage)) {
        QVBoxLayout*& group = groups[{std::string(info.group), info.advanced}];
        if (!group) {
            group = new QVBoxLayout;
            group->setSpacing(kSpace / 2);
            auto* heading = new QLabel(toQString(info.group), this);
            heading->setContentsMargins(0, kSpace, 0, 0);
            setRole(heading, "group");
            group->addWidget(heading);
            (info.advanced ? advancedLayout : layout)->addLayout(group);
        }
        group->addWidget(makeRow(info));
        hidden += info.advanced;
    }
    m_advancedButton->setText(tr("Advanced (%1)").arg(hidden));
    m_advancedButton->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_advancedButton->setArrowType(Qt::RightArrow);
    m_advancedButton->setCheckable(true);
    keepState(m_advancedButton, "advanced settings");
    m_advancedButton->setVisible(hidden > 0);
    layout->addWidget(m_advancedButton);
    layout->addWidget(m_advanced);
    m_advanced->hide();
    m_problems->setWordWrap(true);
    setRole(m_problems, "error");
    layout->addWidget(m_problems);
    layout->addStretch(1);
    connect(m_advancedButton, &QToolButton::toggled, this, [this](bool on) {
        m_advanced->setVisible(on);
        m_advancedButton->setArrowType(on ? Qt::DownArrow : Qt::RightArrow);
    });
    setSettings(m_settings);
}

QWidget* SettingsForm::makeRow(const SettingInfo& info)
{
    auto* row = new QWidget(this);
    auto* grid = new QGridLayout(row);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(kSpace);
    grid->setVerticalSpacing(2);

    Field field;
    field.row = row;
    field.title = titleOf(info.name);
    field.label = new QLabel(field.title, row);
    field.editor = makeEditor(info);
    field.error = new QLabel(row);
    field.error->setWordWrap(true);
    field.error->hide();
    setRole(field.error, "error");
    field.error->setFont(fontOfSize(kFontSmall));

    const QString tip = toolTipOf(info);
    field.label->setToolTip(tip);
    field.editor->setToolTip(tip);
    field.editor->setObjectName(toQString(info.name));
    field.editor->setAccessibleName(field.title);
    field.label->setBuddy(field.editor);
    // All editors stand in one column, however long a label is.
    field.label->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);

    grid->addWidget(field.label, 0, 0);
    grid->addWidget(field.editor, 0, 1);
    grid->addWidget(field.error, 1, 0, 1, 2);
    grid->setColumnStretch(0, 1);
    field.editor->setFixedWidth(kEditorWidth);
    m_fields[std::string(info.name)] = field;
    return row;
}

QWidget* SettingsForm::makeEditor(const SettingInfo& info)
{
    if (std::holds_alternative<bool>(info.defaultValue)) {
        auto* box = new QCheckBox(this);
        connect(box, &QCheckBox::toggled, this,
            [this, &info](bool on) { take(info, on ? QStringLiteral("true") : QStringLiteral("false")); });
        return box;
    }
    if (!info.choices.empty()) {
        auto* combo = new FormComboBox(this);
        for (const std::string_view choice : info.choices)
            combo->addItem(toQString(choice));
        connect(combo, &QComboBox::currentTextChanged, this, [this, &info](const QString& text) { take(info, text); });
        return combo;
    }
    auto* edit = new QLineEdit(this);
    if (!info.unit.empty()) {
        // The unit stands inside the field, at its right end.
        auto* unit = new QLabel(toQString(info.unit), edit);
        setRole(unit, "hint");
        unit->setFont(fontOfSize(kFontSmall));
        unit->setAttribute(Qt::WA_TransparentForMouseEvents);
        auto* inside = new QHBoxLayout(edit);
        inside->setContentsMargins(0, 0, kSpace, 0);
        inside->addStretch(1);
        inside->addWidget(unit);
        edit->setTextMargins(0, 0, unit->sizeHint().width() + kSpace, 0);
    }
    edit->installEventFilter(this);
    connect(edit, &QLineEdit::textChanged, this, [this, &info](const QString& text) { take(info, text.trimmed()); });
    return edit;
}

void SettingsForm::take(const SettingInfo& info, const QString& text)
{
    if (m_loading)
        return;
    Field& field = m_fields.at(std::string(info.name));
    QString error;
    try {
        m_settings.setFromText(info.name, text.toStdString());
    } catch (const Error& problem) {
        error = sentenceFor(info, problem.what());
    }
    field.error->setText(error);
    field.error->setVisible(!error.isEmpty());
    field.editor->setProperty("invalid", !error.isEmpty());
    field.editor->style()->unpolish(field.editor);
    field.editor->style()->polish(field.editor);
    updateMark(info);
    updateProblems();
    Q_EMIT changed();
}

void SettingsForm::showValue(const SettingInfo& info)
{
    const QString text = settingText(m_settings.value(info.name));
    QWidget* widget = m_fields.at(std::string(info.name)).editor;
    if (auto* box = qobject_cast<QCheckBox*>(widget))
        box->setChecked(text == QLatin1String("true"));
    else if (auto* combo = qobject_cast<QComboBox*>(widget))
        combo->setCurrentText(text);
    else if (auto* edit = qobject_cast<QLineEdit*>(widget))
        edit->setText(text);
}

void SettingsForm::updateMark(const SettingInfo& info)
{
    const Field& field = m_fields.at(std::string(info.name));
    const bool changed = !m_settings.isDefault(info.name) || !field.error->text().isEmpty();
    field.label->setText(changed ? QStringLiteral("• ") + field.title : field.title);
    setRole(field.label, changed ? "changed" : "");
}

void SettingsForm::setSettings(const Settings& settings)
{
    m_settings = settings;
    m_loading = true;
    bool advancedChanged = false;
    for (const SettingInfo& info : settingInfos(m_settings.stage())) {
        Field& field = m_fields.at(std::string(info.name));
        field.error->clear();
        field.error->hide();
        field.editor->setProperty("invalid", false);
        showValue(info);
        updateMark(info);
        advancedChanged = advancedChanged || (info.advanced && !m_settings.isDefault(info.name));
    }
    m_loading = false;
    if (advancedChanged)
        m_advancedButton->setChecked(true);
    updateProblems();
    Q_EMIT changed();
}

void SettingsForm::change(const Settings& settings, const QString& what)
{
    if (settings.toJson() != m_settings.toJson() || !isValid())
        m_history->push(new ReplacedSettings(*this, settings, what));
}

/// A field undoes what was typed in it; where nothing was, the form undoes.
bool SettingsForm::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const auto* edit = qobject_cast<QLineEdit*>(watched);
        if (edit && key->matches(QKeySequence::Undo) && !edit->isUndoAvailable() && m_history->canUndo()) {
            m_history->undo();
            return true;
        }
        if (edit && key->matches(QKeySequence::Redo) && !edit->isRedoAvailable() && m_history->canRedo()) {
            m_history->redo();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void SettingsForm::reset() { change(Settings(m_settings.stage()), tr("defaults")); }

bool SettingsForm::isValid() const
{
    for (const auto& [name, field] : m_fields)
        if (!field.error->text().isEmpty())
            return false;
    return m_settings.problems().empty();
}

void SettingsForm::updateProblems()
{
    QStringList sentences;
    for (const std::string& problem : m_settings.problems())
        sentences << toQString(problem);
    m_problems->setText(sentences.join(QLatin1Char('\n')));
    m_problems->setVisible(!sentences.isEmpty());
}

QWidget* SettingsForm::editor(const std::string& name) const
{
    const auto found = m_fields.find(name);
    return found == m_fields.end() ? nullptr : found->second.editor;
}

QString SettingsForm::errorOf(const std::string& name) const
{
    const auto found = m_fields.find(name);
    return found == m_fields.end() ? QString() : found->second.error->text();
}

} // namespace mpo
