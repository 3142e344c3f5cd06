"""Writes the workbooks beside it with openpyxl 3.1 and XlsxWriter 3.3, and what openpyxl reads of them: python write_workbooks.py.

They are committed, so that tests need no Python. openpyxl neither writes nor reads _x000D_ as Excel does, and XlsxWriter takes times of
1900-02-28 for those of the day after it: the tables hold neither.
"""

import datetime as dt
import json
import os

import openpyxl
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

FOLDER = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(FOLDER, name)


HEAD = ["id", "text", "price", "f64", "flag", "day", "at", "clock"]
ROWS = [
    [1, "Åland 😀", 19.99, 0.1, True, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 10, 0, 0, 123000), dt.time(10, 30)],
    [2, " spaces ", -0.05, 1e300, False, dt.date(1900, 1, 1), dt.datetime(1900, 2, 27, 23, 59, 59, 999000), dt.time(0, 0)],
    [3, "two\nlines", 99999999.99, 5e-324, None, dt.date(1900, 3, 1), dt.datetime(9999, 12, 31, 23, 59, 59), dt.time(23, 59, 59, 999000)],
    [4, "_x00_ and 007", 0, 123456789012345, True, dt.date(9999, 12, 31), dt.datetime(1969, 12, 31, 23, 59, 59, 1000), None],
    [5, "<b>&amp; ]]>", 1e-2, -2.5, None, None, None, dt.time(12, 0, 0, 1000)],
    [6, "cr\r\nlf\ttab", None, None, None, None, None, None],
    [7, None, None, None, None, None, None, None],
    [8, "=", 1.1, 12345.678901234567, None, dt.date(2000, 1, 1), dt.datetime(2079, 6, 7, 3, 4, 5, 678000), None],
]


def with_openpyxl(name, epoch=None):
    book = openpyxl.Workbook()
    if epoch is not None:
        book.epoch = epoch
    sheet = book.active
    sheet.title = "Data"
    sheet.append(HEAD)
    for row in ROWS:
        if epoch is not None:
            row = [None if isinstance(value, dt.date) and value.year < 1904 else value for value in row]
        sheet.append(row)
    sheet["B9"].data_type = "s"
    sheet["B3"] = CellRichText(TextBlock(InlineFont(b=True), " sp"), "aces ")
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet.merge_cells("J1:K3")
    book.create_sheet("Hidden").sheet_state = "hidden"
    book.save(path(name))


def with_xlsxwriter(name, **options):
    book = xlsxwriter.Workbook(path(name), {"strings_to_numbers": False, "strings_to_formulas": False, **options})
    sheet = book.add_worksheet("Data")
    day = book.add_format({"num_format": "[$-409]d\\-mmm\\-yyyy;@"})
    at = book.add_format({"num_format": "yyyy\\-mm\\-dd hh:mm:ss.000"})
    clock = book.add_format({"num_format": "[hh]:mm:ss.000"})
    money = book.add_format({"num_format": '#,##0.00 "EUR";[Red]-#,##0.00 "EUR"'})
    sheet.write_row(0, 0, HEAD)
    for index, row in enumerate(ROWS):
        for column, value in enumerate(row):
            at_cell = (index + 1, column, value)
            if value is None:
                if column == 2:
                    sheet.write_blank(*at_cell, money)
            elif isinstance(value, bool):
                sheet.write_boolean(*at_cell)
            elif isinstance(value, dt.datetime):
                sheet.write_datetime(*at_cell, at)
            elif isinstance(value, dt.date):
                sheet.write_datetime(*at_cell, day)
            elif isinstance(value, dt.time):
                sheet.write_datetime(*at_cell, clock)
            elif isinstance(value, str):
                sheet.write_string(*at_cell)
            else:
                sheet.write_number(*at_cell, money if column == 2 else None)
    book.close()


def told(value):
    """A value as the tests tell it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.timedelta):
        value = (dt.datetime(1970, 1, 1) + value).time()
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, dt.time):
        return value.isoformat(timespec="milliseconds")
    return repr(value)


def orders(name):
    """What people keep in workbooks: a title above a table that does not begin in A, dates and money as the sheet shows them, notes beside it."""
    book = xlsxwriter.Workbook(path(name))
    book.add_worksheet("Read me")
    sheet = book.add_worksheet("Orders 2024")
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd.mm.yyyy"})
    at, money = book.add_format({"num_format": "dd.mm.yyyy hh:mm"}), book.add_format({"num_format": "#,##0.00 €"})
    sheet.merge_range("B2:F2", "Orders of the shop", bold)
    for column, name in enumerate(["Order No", "Customer", "Ordered", "Shipped at", "Total", "Paid"]):
        sheet.write(3, column + 1, name, bold)
    for index in range(12):
        row = 4 + index
        sheet.write_number(row, 1, 1001 + index)
        sheet.write_string(row, 2, f"Customer {index % 3}")
        if index == 7:
            sheet.write_string(row, 3, "soon")
        else:
            sheet.write_datetime(row, 3, dt.date(2024, 2, 27) + dt.timedelta(index), day)
        if index % 4 != 3:
            sheet.write_datetime(row, 4, dt.datetime(2024, 3, 1, 8, 30) + dt.timedelta(minutes=index), at)
        sheet.write_number(row, 5, round(19.99 + index / 10, 2), money)
        sheet.write_boolean(row, 6, index % 2 == 0)
    book.close()


if __name__ == "__main__":
    with_openpyxl("openpyxl.xlsx")
    with_openpyxl("openpyxl-1904.xlsx", openpyxl.utils.datetime.CALENDAR_MAC_1904)
    with_xlsxwriter("xlsxwriter.xlsx")
    with_xlsxwriter("xlsxwriter-streamed.xlsx", constant_memory=True)
    orders("../../../../../local-runner/test/_fixtures/orders.xlsx")
    read = {}
    for name in ["openpyxl.xlsx", "openpyxl-1904.xlsx", "xlsxwriter.xlsx", "xlsxwriter-streamed.xlsx"]:
        rows = openpyxl.load_workbook(path(name), data_only=True)["Data"].iter_rows(values_only=True, max_col=len(HEAD))
        read[name] = [[told(value) for value in row] for row in rows]
    with open(path("workbooks.json"), "w", encoding="utf-8") as out:
        json.dump(read, out, ensure_ascii=False, indent=1)
        out.write("\n")
