// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/config/settings.h"

#include <QWidget>

#include <map>
#include <string>

class QLabel;
class QToolButton;
class QUndoStack;

namespace mpo {

/// The form of one stage's settings, built from their declarations: group, name, unit, range and help. Checks while
/// typing; a value that differs from its default has a dot.
class SettingsForm : public QWidget
{
    Q_OBJECT
public:
    explicit SettingsForm(StageKind stage, QWidget* parent = nullptr);

    const Settings& settings() const { return m_settings; } ///< the last values that were right
    void setSettings(const Settings& settings);
    void reset(); ///< all defaults
    bool isValid() const; ///< every field is right and the fields fit together

    /// Replaces all settings, as one step that can be undone (Ctrl+Z in the form). `what` names it: "preset".
    void change(const Settings& settings, const QString& what);
    QUndoStack* history() const { return m_history; } ///< of change()

    /// The editor of a setting: a QLineEdit, QComboBox or QCheckBox named after it.
    QWidget* editor(const std::string& name) const;
    QString errorOf(const std::string& name) const; ///< empty: the field is right

Q_SIGNALS:
    void changed();

private:
    struct Field
    {
        QWidget* row = nullptr;
        QWidget* editor = nullptr;
        QLabel* label = nullptr;
        QLabel* error = nullptr;
        QString title;
    };

    bool eventFilter(QObject* watched, QEvent* event) override;
    QWidget* makeEditor(const SettingInfo& info);
    QWidget* makeRow(const SettingInfo& info);
    void take(const SettingInfo& info, const QString& text);
    void showValue(const SettingInfo& info);
    void updateMark(const SettingInfo& info);
    void updateProblems();

    Settings m_settings;
    std::map<std::string, Field> m_fields;
    QWidget* m_advanced = nullptr;
    QToolButton* m_advancedButton = nullptr;
    QLabel* m_problems = nullptr;
    QUndoStack* m_history = nullptr;
    bool m_loading = false;
};

/// A value as one would type it: "1e-05", "true", "cosine".
QString settingText(const SettingValue& value);

} // namespace mpo
