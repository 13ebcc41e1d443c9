// SPDX-FileCopyrightText: MPO Studio authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style.h"

#include <QApplication>
#include <QFile>
#include <QFontDatabase>
#include <QFrame>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>
#include <QStyledItemDelegate>
#include <QSvgRenderer>
#include <QTableView>

// Resources of a static library are linked only where somebody asks for them; the macro wants the global namespace.
static void initialiseResources() { Q_INIT_RESOURCE(resources); }

namespace mpo {

namespace {

Colours lightColours()
{
    Colours c;
    c.window = QColor(0xF5, 0xF6, 0xF8);
    c.surface = QColor(0xFF, 0xFF, 0xFF);
    c.raised = QColor(0xE9, 0xEE, 0xF6);
    c.border = QColor(0xD9, 0xDE, 0xE5);
    c.grid = QColor(0xEB, 0xEE, 0xF2);
    c.text = QColor(0x1B, 0x23, 0x2E);
    c.muted = QColor(0x55, 0x60, 0x6F);
    c.faint = QColor(0x67, 0x72, 0x82);
    c.accent = QColor(0x2B, 0x66, 0xCF);
    c.onAccent = QColor(0xFF, 0xFF, 0xFF);
    c.easy = QColor(0x2B, 0x74, 0xD6);
    c.hard = QColor(0xDC, 0x85, 0x1F);
    c.contradictory = QColor(0xB0, 0x3F, 0x85);
    c.chosen = QColor(0x12, 0x86, 0x78);
    c.rejected = QColor(0xC2, 0x55, 0x2D);
    c.good = QColor(0x1F, 0x85, 0x57);
    c.warning = QColor(0xA8, 0x6A, 0x0A);
    c.bad = QColor(0xC0, 0x36, 0x3C);
    c.series = {QColor(0x2B, 0x66, 0xCF), QColor(0xDC, 0x7A, 0x1C), QColor(0x12, 0x95, 0x86), QColor(0xB0, 0x3F, 0x85),
        QColor(0x75, 0x57, 0xC4), QColor(0x8A, 0x6C, 0x3C), QColor(0x5A, 0x66, 0x76)};
    return c;
}

Colours darkColours()
{
    Colours c;
    c.dark = true;
    c.window = QColor(0x14, 0x17, 0x1C);
    c.surface = QColor(0x1B, 0x1F, 0x26);
    c.raised = QColor(0x28, 0x2F, 0x3A);
    c.border = QColor(0x33, 0x3A, 0x46);
    c.grid = QColor(0x29, 0x2F, 0x39);
    c.text = QColor(0xE4, 0xE8, 0xEE);
    c.muted = QColor(0xA2, 0xAD, 0xBC);
    c.faint = QColor(0x8B, 0x97, 0xA8);
    c.accent = QColor(0x74, 0xA6, 0xFA);
    c.onAccent = QColor(0x0C, 0x14, 0x22);
    c.easy = QColor(0x5F, 0x9E, 0xF0);
    c.hard = QColor(0xEE, 0x9F, 0x4A);
    c.contradictory = QColor(0xDF, 0x7A, 0xB8);
    c.chosen = QColor(0x4F, 0xC1, 0xAF);
    c.rejected = QColor(0xEE, 0x8D, 0x66);
    c.good = QColor(0x5C, 0xC3, 0x92);
    c.warning = QColor(0xE2, 0xB0, 0x55);
    c.bad = QColor(0xF0, 0x7F, 0x82);
    c.series = {QColor(0x74, 0xA6, 0xFA), QColor(0xEE, 0x9F, 0x4A), QColor(0x4F, 0xC1, 0xAF), QColor(0xDF, 0x7A, 0xB8),
        QColor(0xA8, 0x92, 0xEE), QColor(0xC8, 0xA8, 0x72), QColor(0x9A, 0xA6, 0xB6)};
    return c;
}

Colours& current()
{
    static Colours c = lightColours();
    return c;
}

Theme& currentTheme()
{
    static Theme t = Theme::Light;
    return t;
}

QPalette paletteOf(const Colours& c)
{
    QPalette p;
    p.setColor(QPalette::Window, c.window);
    p.setColor(QPalette::WindowText, c.text);
    p.setColor(QPalette::Base, c.surface);
    p.setColor(QPalette::AlternateBase, c.window);
    p.setColor(QPalette::Text, c.text);
    p.setColor(QPalette::PlaceholderText, c.faint);
    p.setColor(QPalette::Button, c.surface);
    p.setColor(QPalette::ButtonText, c.text);
    p.setColor(QPalette::BrightText, c.bad);
    p.setColor(QPalette::Highlight, c.accent);
    p.setColor(QPalette::HighlightedText, c.onAccent);
    p.setColor(QPalette::Link, c.accent);
    p.setColor(QPalette::LinkVisited, c.accent);
    p.setColor(QPalette::ToolTipBase, c.dark ? c.raised : c.text);
    p.setColor(QPalette::ToolTipText, c.dark ? c.text : c.surface);
    p.setColor(QPalette::Light, c.raised);
    p.setColor(QPalette::Midlight, c.raised);
    p.setColor(QPalette::Mid, c.border);
    p.setColor(QPalette::Dark, c.dark ? c.border : c.faint);
    p.setColor(QPalette::Shadow, c.border);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, c.dark ? c.faint.darker(130) : c.faint.lighter(140));
    return p;
}

/// @name@ stands for a colour.
QString sheetOf(const Colours& c)
{
    QString sheet = QStringLiteral(R"(
* { outline: 0; }
QToolTip { background: @tip@; color: @tipText@; border: 1px solid @border@; padding: 5px 7px; }
QFrame[role="card"] { background: @surface@; border: 1px solid @border@; border-radius: 8px; }
QFrame[role="card"][drop="true"] { border: 2px dashed @accent@; }
QWidget[role="rail"] { background: @surface@; border: none; border-right: 1px solid @border@; }
QWidget[role="bar"] { background: @surface@; border: none; border-top: 1px solid @border@; }
QWidget[role="strip"] { background: @surface@; border: none; border-bottom: 1px solid @border@; }
QLabel[role="title"] { font-size: 20px; font-weight: 600; }
QLabel[role="heading"] { font-size: 14px; font-weight: 600; }
QLabel[role="group"] { font-size: 12px; font-weight: 600; color: @muted@; }
QLabel[role="hint"] { color: @muted@; }
QLabel[role="changed"] { color: @accent@; }
QLabel[role="error"] { color: @bad@; }
QLabel[role="warning"] { color: @warning@; }
QLabel[role="vital"], QLabel[role="vitalBad"] { font-size: 14px; font-weight: 600; }
QLabel[role="vitalBad"] { color: @bad@; }
QLabel[role="value"] { font-size: 20px; font-weight: 600; }

QPushButton { background: @surface@; border: 1px solid @border@; border-radius: 6px; padding: 5px 12px; min-height: 18px; }
QPushButton:hover { background: @raised@; }
QPushButton:pressed { background: @border@; }
QPushButton:focus { border-color: @accent@; }
QPushButton:checked { background: @raised@; border-color: @accent@; color: @accent@; }
QPushButton:disabled { color: @disabled@; background: @window@; }
QPushButton[role="primary"] { background: @accent@; border-color: @accent@; color: @onAccent@; font-weight: 600; }
QPushButton[role="primary"]:hover { background: @accentHover@; }
QPushButton[role="primary"]:focus { border: 2px solid @text@; padding: 4px 11px; }
QPushButton[role="primary"]:disabled { background: @raised@; border-color: @raised@; color: @faint@; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[role="danger"] { color: @bad@; }
QPushButton[role="danger"]:disabled { color: @disabled@; }
QPushButton[role="quiet"], QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px 8px; }
QToolButton { padding: 4px; }
QPushButton[role="quiet"]:hover, QToolButton:hover { background: @raised@; }
QPushButton[role="quiet"]:focus, QToolButton:focus { border-color: @accent@; }
QPushButton[role="link"] { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 2px 8px; color: @accent@; }
QPushButton[role="link"]:hover { background: @raised@; }
QPushButton[role="link"]:focus { border-color: @accent@; }
QPushButton[role="link"]:disabled { color: @disabled@; }
QToolButton:checked { background: @raised@; color: @accent@; }
QToolButton:disabled { color: @disabled@; }
QToolButton::menu-indicator { image: none; }

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QComboBox, QAbstractSpinBox {
    background: @surface@; border: 1px solid @border@; border-radius: 6px; selection-background-color: @accent@; selection-color: @onAccent@; }
QLineEdit { padding: 4px 8px; min-height: 18px; }
QPlainTextEdit { padding: 0 6px; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus, QComboBox:on, QAbstractSpinBox:focus { border-color: @accent@; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: @disabled@; background: @window@; }
QLineEdit[invalid="true"] { border-color: @bad@; }
QComboBox { combobox-popup: 0; padding: 4px 8px; min-height: 18px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url(:/icons/chevron_down.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus { background: @surface@; border: 1px solid @border@; border-radius: 0; selection-background-color: @raised@; selection-color: @text@; padding: 4px; }
QAbstractSpinBox { padding: 3px 4px 3px 8px; min-height: 18px; }
QCheckBox, QRadioButton { spacing: 6px; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid @faint@; background: @surface@; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked { background: @accent@; border-color: @accent@; image: url(:/icons/@check@.svg); }
QRadioButton::indicator:checked { border: 5px solid @accent@; width: 6px; height: 6px; }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: @border@; background: @window@; }
QCheckBox:focus, QRadioButton:focus { color: @accent@; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; background: transparent; width: 18px; }
QAbstractSpinBox::up-arrow { image: url(:/icons/chevron_up.svg); width: 9px; height: 9px; }
QAbstractSpinBox::down-arrow { image: url(:/icons/chevron_down.svg); width: 9px; height: 9px; }
QTextBrowser[role="reading"], QPlainTextEdit[role="log"] { border: none; background: transparent; }
QPlainTextEdit[role="log"] { padding: 0; }
QFrame[role="card"] QPlainTextEdit[role="log"] { background: @surface@; }

QTableView, QListView, QTreeView { background: @surface@; border: 1px solid @border@; border-radius: 6px;
    selection-background-color: @raised@; selection-color: @text@; }
QTableView[role="flat"], QListView[role="flat"] { border: none; background: transparent; }
QTableView::item { padding: 0 8px; border: none; }
QTableView::item:selected { background: @raised@; }
QListView::item:selected { background: @raised@; color: @text@; }
QTableView:focus, QListView:focus { border-color: @accent@; }
QListView::item { padding: 6px 8px; border-radius: 6px; }
QListView::item:hover:!selected { background: @window@; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: @surface@; color: @muted@; border: none; border-bottom: 1px solid @border@; padding: 6px 11px; font-size: 12px; }
QTableCornerButton::section { background: @surface@; border: none; }

QTabWidget::pane { border: none; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @muted@; border: none; border-bottom: 2px solid transparent; padding: 6px 12px; }
QTabBar::tab:selected { color: @text@; border-bottom-color: @accent@; }
QTabBar::tab:hover:!selected { color: @text@; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }

QMenuBar { background: @surface@; border-bottom: 1px solid @border@; }
QMenuBar::item { padding: 5px 10px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @raised@; }
QMenu { background: @surface@; border: 1px solid @border@; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 24px; border-radius: 4px; }
QMenu::item:selected { background: @raised@; }
QMenu::item:disabled { color: @disabled@; }
QMenu::separator { height: 1px; background: @border@; margin: 4px 8px; }

QScrollArea { border: none; background: transparent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @scroll@; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: @faint@; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QSplitter::handle { background: transparent; }
QSplitter::handle:hover { background: @raised@; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @border@; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: @accent@; }
QSlider::handle:horizontal { width: 12px; height: 12px; margin: -5px 0; border: 1px solid @accent@; border-radius: 7px; background: @surface@; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: @accent@; }
QSlider::sub-page:horizontal:disabled { background: @border@; }
QSlider::handle:horizontal:disabled { border-color: @faint@; background: @window@; }
QProgressBar { background: @raised@; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent@; border-radius: 3px; }
QStatusBar { background: @surface@; border-top: 1px solid @border@; }
QStatusBar::item { border: none; }
)");
    const auto put = [&](const char* name, const QColor& colour) {
        sheet.replace(QLatin1Char('@') + QLatin1String(name) + QLatin1Char('@'), colour.name());
    };
    sheet.replace(QStringLiteral("@check@"), c.dark ? QStringLiteral("check_dark") : QStringLiteral("check_light"));
    put("window", c.window);
    put("surface", c.surface);
    put("raised", c.raised);
    put("border", c.border);
    put("text", c.text);
    put("muted", c.muted);
    put("faint", c.faint);
    put("accent", c.accent);
    put("accentHover", c.dark ? c.accent.lighter(110) : c.accent.darker(110));
    put("onAccent", c.onAccent);
    put("bad", c.bad);
    put("warning", c.warning);
    put("disabled", c.dark ? c.faint.darker(130) : c.faint.lighter(140));
    put("scroll", c.dark ? c.border.lighter(130) : c.border.darker(112));
    put("tip", c.dark ? c.raised : c.text);
    put("tipText", c.dark ? c.text : c.surface);
    return sheet;
}

} // namespace

const Colours& colours() { return current(); }

Theme theme() { return currentTheme(); }

QFont fontOfSize(int pixels, QFont::Weight weight)
{
    QFont font = QApplication::font();
    font.setPixelSize(pixels);
    font.setWeight(weight);
    return font;
}

QFont monospaceFont()
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(kFontSmall);
    return font;
}

void applyStyle(QApplication& application, Theme theme)
{
    // What the desktop asks for is known only before our own palette is set.
    static const bool systemIsDark = application.palette().color(QPalette::Window).lightness() < 128;
    const bool dark = theme == Theme::Dark || (theme == Theme::System && systemIsDark);
    currentTheme() = theme;
    current() = dark ? darkColours() : lightColours();
    static bool first = true;
    if (first) {
        initialiseResources();
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
        QFont font = QApplication::font();
        font.setPixelSize(kFontBase);
        QApplication::setFont(font);
        first = false;
    }
    QApplication::setPalette(paletteOf(current()));
    application.setStyleSheet(sheetOf(current()));
}

void setRole(QWidget* widget, const char* role)
{
    widget->setProperty("role", QString::fromLatin1(role));
    widget->style()->unpolish(widget);
    widget->style()->polish(widget);
    widget->update();
}

QLabel* makeTitle(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    setRole(label, "title");
    return label;
}

QLabel* makeHeading(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    setRole(label, "heading");
    return label;
}

QLabel* makeHint(const QString& text, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setWordWrap(true);
    setRole(label, "hint");
    return label;
}

QFrame* makeCard(QWidget* parent)
{
    auto* card = new QFrame(parent);
    setRole(card, "card");
    return card;
}

QIcon themedIcon(const QString& name, const QColor& colour)
{
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", (colour.isValid() ? colour : colours().text).name().toLatin1());
    QSvgRenderer renderer(svg);
    QIcon icon;
    for (const int size : {16, 20, 32, 40}) {
        QPixmap pixmap(size, size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        renderer.render(&painter);
        painter.end();
        icon.addPixmap(pixmap);
    }
    return icon;
}

namespace {

constexpr int kCellPadding = 11; ///< as in the sections of a header

/// A selected row keeps the colours that its model gives: a state or a bucket is told by its colour there too.
class CellDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    /// A cell with one line of text looks as the style sheet would draw it, at half the cost: the table of the Split
    /// page is painted again while the threshold is dragged.
    void paint(QPainter* painter, const QStyleOptionViewItem& plain, const QModelIndex& index) const override
    {
        using Item = QStyleOptionViewItem;
        Item option = plain;
        initStyleOption(&option, index);
        if (option.features & (Item::HasDecoration | Item::HasCheckIndicator)
            || option.text.contains(QChar(QChar::LineSeparator))) {
            QStyledItemDelegate::paint(painter, plain, index);
            return;
        }
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const auto group = option.state.testFlag(QStyle::State_Enabled) ? QPalette::Normal : QPalette::Disabled;
        if (selected)
            painter->fillRect(option.rect, option.palette.brush(group, QPalette::Highlight));
        else if (option.backgroundBrush.style() != Qt::NoBrush)
            painter->fillRect(option.rect, option.backgroundBrush);
        const QRect room = option.rect.adjusted(kCellPadding, 0, -kCellPadding, 0);
        painter->setFont(option.font);
        painter->setPen(option.palette.color(group, selected ? QPalette::HighlightedText : QPalette::Text));
        painter->drawText(room, int(option.displayAlignment) | Qt::TextSingleLine,
            option.fontMetrics.elidedText(option.text, option.textElideMode, room.width()));
    }

protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        if (index.data(Qt::ForegroundRole).isValid())
            option->palette.setBrush(QPalette::HighlightedText, option->palette.brush(QPalette::Text));
    }
};

} // namespace

void setTableLook(QTableView* table)
{
    table->setItemDelegate(new CellDelegate(table));
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(4 * kSpace);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setStretchLastSection(true);
}

} // namespace mpo
