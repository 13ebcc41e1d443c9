// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace mpo {

/// What becomes of a split: its name, Save, Export, and the command line that does the same.
class SplitSavePanel : public QWidget
{
    Q_OBJECT
public:
    explicit SplitSavePanel(QWidget* parent = nullptr);

    QString name() const; ///< empty: the user gave none
    QString nameOrProposal() const;
    void setName(const QString& name);
    void setProposal(const QString& name); ///< what it will be called without a name
    void setSaveEnabled(bool on);
    void setExportEnabled(bool on);
    bool saveEnabled() const;
    /// `lines`: the command with an option a line, shown when a drag of the threshold rests, since laying it out at
    /// every step costs part of a frame; `line`: to copy, at once.
    void showCommand(const QString& lines, const QString& line);
    void setReplaces(const QString& sentence); ///< what saving would replace; empty: nothing
    void say(const QString& sentence); ///< below the buttons; empty: nothing
    void offerUndo(bool on); ///< of the last saving; until the next say()

Q_SIGNALS:
    void nameChanged();
    void saveRequested();
    void exportRequested(); ///< of the pairs
    void scoresRequested(); ///< their export
    void undoRequested();
    void copied();

private:
    QWidget* makeCommand();
    void showNote();

    QLineEdit* m_name = nullptr;
    QPushButton* m_save = nullptr;
    QPushButton* m_export = nullptr;
    QLabel* m_note = nullptr;
    QPushButton* m_undo = nullptr;
    QString m_replaces, m_said;
    QPlainTextEdit* m_command = nullptr;
    QString m_lines, m_line;
    QTimer m_commandTimer;
};

} // namespace mpo
