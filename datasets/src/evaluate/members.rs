//! Every value of every member as a Parquet file, for whoever wants to look closer: a row is a model's answer to a case.
//!
//! `model`, `fold`, `member` (text), `at` (milliseconds since 1970, or a place), `history`, `targets` (how many), `cold`,
//! and one column a measure, such as `ndcg@20`; empty where there is nothing to measure. The same evaluation gives the same
//! bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::RowAccessor;
use parquet::schema::types::{Type, TypePtr};

use super::outcome::{Asked, Column, Evaluation};
use super::report::CODE;

/// The columns before the measures.
const LEADING: [(&str, Physical, bool); 7] = [
    ("model", Physical::BYTE_ARRAY, true),
    ("fold", Physical::BYTE_ARRAY, true),
    ("member", Physical::BYTE_ARRAY, true),
    ("at", Physical::INT64, false),
    ("history", Physical::INT32, false),
    ("targets", Physical::INT32, false),
    ("cold", Physical::BOOLEAN, false),
];

/// Writes the values; a row group is a model. `folds` and `members` are the names behind the numbers.
pub fn write(
    out: impl Write + Send,
    evaluation: &Evaluation,
    folds: &[String],
    members: &[String],
) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(CODE.to_owned())
        .build();
    let mut file = SerializedFileWriter::new(out, schema(&evaluation.columns)?, Arc::new(properties))?;
    let texts = |text: &dyn Fn(&Asked) -> String| -> Vec<ByteArray> {
        evaluation.asked.iter().map(|asked| ByteArray::from(text(asked).into_bytes())).collect()
    };
    let named = |names: &[String], place: usize| names.get(place).cloned().unwrap_or_else(|| place.to_string());
    let fold_names = texts(&|asked| named(folds, asked.fold));
    let member_names = texts(&|asked| named(members, asked.member.ix()));
    for outcome in &evaluation.outcomes {
        let mut group = file.next_row_group()?;
        let asked = || evaluation.asked.iter();
        column::<ByteArrayType>(&mut group, &texts(&|_| outcome.name.clone()), None)?;
        column::<ByteArrayType>(&mut group, &fold_names, None)?;
        column::<ByteArrayType>(&mut group, &member_names, None)?;
        column::<Int64Type>(&mut group, &asked().map(|it| it.at).collect::<Vec<_>>(), None)?;
        column::<Int32Type>(&mut group, &asked().map(|it| it.history as i32).collect::<Vec<_>>(), None)?;
        column::<Int32Type>(&mut group, &asked().map(|it| it.targets as i32).collect::<Vec<_>>(), None)?;
        column::<BoolType>(&mut group, &asked().map(|it| it.cold).collect::<Vec<_>>(), None)?;
        for values in &outcome.values {
            let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
            let values: Vec<f64> = values.iter().flatten().copied().collect();
            column::<DoubleType>(&mut group, &values, Some(&levels))?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    let mut fields = Vec::new();
    for (name, physical, text) in LEADING {
        let field = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        fields.push(Arc::new(field.with_logical_type(text.then_some(LogicalType::String)).build()?));
    }
    for column in columns {
        let name = column.to_string();
        let field = Type::primitive_type_builder(&name, Physical::DOUBLE);
        fields.push(Arc::new(field.with_repetition(Repetition::OPTIONAL).build()?));
    }
    Ok(Arc::new(Type::group_type_builder("members").with_fields(fields).build()?))
}

fn column<T: parquet::data_type::DataType>(
    group: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else {
        return Err(ParquetError::General("more columns than the schema has".to_owned()));
    };
    writer.typed::<T>().write_batch(values, levels, None)?;
    writer.close()
}

/// The mean of a column over each member's cases, by model and by the member's name.
pub fn read(path: &Path, column: Column) -> Result<BTreeMap<String, BTreeMap<String, f64>>, ParquetError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let fields = reader.metadata().file_metadata().schema_descr().columns().to_vec();
    let place = |name: &str| fields.iter().position(|field| field.name() == name);
    let missing = |name: &str| ParquetError::General(format!("has no column {name:?}"));
    let (model, member) = (place("model"), place("member"));
    let (model, member) = (model.ok_or_else(|| missing("model"))?, member.ok_or_else(|| missing("member"))?);
    let value = place(&column.to_string()).ok_or_else(|| missing(&column.to_string()))?;
    let mut sums: BTreeMap<String, BTreeMap<String, (f64, f64)>> = BTreeMap::new();
    for row in reader.get_row_iter(None)? {
        let row = row?;
        let of_model = sums.entry(row.get_string(model)?.clone()).or_default();
        // An empty cell is no double.
        if let Ok(value) = row.get_double(value) {
            let (sum, cases) = of_model.entry(row.get_string(member)?.clone()).or_default();
            *sum += value;
            *cases += 1.0;
        }
    }
    let mean = |(member, (sum, cases)): (String, (f64, f64))| (member, sum / cases);
    Ok(sums.into_iter().map(|(model, members)| (model, members.into_iter().map(mean).collect())).collect())
}
