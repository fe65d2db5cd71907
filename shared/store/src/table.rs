//! The table's definition, for one machine and for tests. `template.yaml` holds the deployed one; both must agree.

use aws_sdk_dynamodb::{
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
        ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
    },
};

use crate::{Store, StoreError};

fn part(name: &str, kind: KeyType) -> Result<KeySchemaElement, StoreError> {
    Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?)
}

impl Store {
    /// Creates the table where it does not exist; answers whether it did.
    ///
    /// # Errors
    /// [`StoreError::Service`].
    pub async fn create_table_if_missing(&self) -> Result<bool, StoreError> {
        let mut definitions = Vec::new();
        for name in ["pk", "sk", "gsi1pk", "gsi1sk"] {
            definitions.push(
                AttributeDefinition::builder()
                    .attribute_name(name)
                    .attribute_type(ScalarAttributeType::S)
                    .build()?,
            );
        }
        let index = GlobalSecondaryIndex::builder()
            .index_name("gsi1")
            .key_schema(part("gsi1pk", KeyType::Hash)?)
            .key_schema(part("gsi1sk", KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()?;
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build()?;
        let answer = self
            .dynamo()
            .create_table()
            .table_name(self.table())
            .set_attribute_definitions(Some(definitions))
            .key_schema(part("pk", KeyType::Hash)?)
            .key_schema(part("sk", KeyType::Range)?)
            .global_secondary_indexes(index)
            .billing_mode(BillingMode::PayPerRequest)
            .stream_specification(stream)
            .send()
            .await;
        match answer {
            Ok(_) => {}
            Err(error) => {
                return match error.as_service_error() {
                    Some(CreateTableError::ResourceInUseException(_)) => Ok(false),
                    _ => Err(error.into()),
                };
            }
        }
        let ttl = TimeToLiveSpecification::builder().attribute_name("ttl").enabled(true).build()?;
        self.dynamo()
            .update_time_to_live()
            .table_name(self.table())
            .time_to_live_specification(ttl)
            .send()
            .await?;
        Ok(true)
    }
}
